//! Tasks that end in reverse order.

use std::io;

use stage::Gate;

/// Makes the first tasks end in reverse order.
///
/// The sign that a task's result is on its way is that its worker begins another. So
/// each task that follows opens the gate of the next one to end, and stays, so that its
/// worker does not come back for more.
pub struct Backwards {
    gates: Vec<Gate>,
}

impl Backwards {
    pub fn new(count: usize) -> io::Result<Self> {
        let gates = (0..=count).map(|_| Gate::new()).collect::<io::Result<_>>()?;
        Ok(Self { gates })
    }

    pub fn take_turns(&self, place: usize) -> io::Result<()> {
        let count = self.gates.len() - 1;
        let follower = match place.checked_sub(count) {
            None if place + 1 == count => return Ok(()),
            None => return self.gates[place].pass(),
            Some(follower) => follower,
        };
        match count.checked_sub(follower + 2) {
            Some(next) => self.gates[next].open()?,
            None => self.gates[count].open()?,
        }
        self.gates[count].pass()
    }
}
