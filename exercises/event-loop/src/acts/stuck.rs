//! Lines that begin and never end.

use std::io;
use std::os::fd::OwnedFd;

use stage::Gate;

use super::world::say;
use crate::Script;

impl Script {
    pub fn get_stuck(&self, mouths: &mut [Option<OwnedFd>]) -> io::Result<()> {
        for (number, mouth) in mouths.iter().enumerate() {
            let (first, second) = (self.line(number, 0), self.line(number, 1));
            // At once, so that no second piece comes after the first.
            say(mouth, format!("{first}\n{second}\né").as_bytes())?;
        }
        if self.stuck > 1 {
            mouths[0] = None;
        }
        Gate::new()?.pass()
    }
}
