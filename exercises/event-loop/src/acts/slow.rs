//! One source that says half a character.

use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;

use super::world::say;
use crate::Script;

impl Script {
    pub fn speak_slowly(
        &self,
        slow: usize,
        mouths: &mut [Option<OwnedFd>],
        heard: &mut PipeReader,
    ) -> io::Result<()> {
        let line = self.line(slow, 0) + "\n";
        // The first character takes two bytes: cut in the middle.
        let (first, rest) = line.as_bytes().split_at(1);
        let full = if self.full { "-".repeat((1 << 16) - 2) + "\n" } else { String::new() };
        // At once, so that the last read fills its array, too.
        say(&mouths[slow], &[full.as_bytes(), first].concat())?;
        self.wait_for(b'l', usize::from(self.full), heard)?;
        // To be heard one by one, or all at once by who comes late.
        let (one, all) = if self.late { (0, self.lines + 1) } else { (1, 0) };
        // From behind: who looks at the first few alone hears nothing.
        for number in (0..mouths.len()).rev().filter(|&number| number != slow) {
            for at in 0..self.lines {
                say(&mouths[number], format!("{}\n", self.line(number, at)).as_bytes())?;
                self.wait_for(b'l', one, heard)?;
            }
            mouths[number] = None;
            self.wait_for(b'l', one, heard)?;
        }
        self.wait_for(b'l', all * (mouths.len() - 1), heard)?;
        say(&mouths[slow], rest)?;
        Ok(())
    }
}
