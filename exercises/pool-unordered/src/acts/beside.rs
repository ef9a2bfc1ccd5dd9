//! Another process, which calls the map, too.

use std::io;

use nix::unistd::Pid;
use pool_unordered::pool_unordered;
use stage::{Gate, Meeting, event};

use super::own_children::start;

/// Calls the map, and forks a process that calls it, too, when it has met the others, and opens a
/// gate then.
pub fn fork_another(
    workers: usize,
    numbers: &[i64],
    square: impl Fn(i64) -> i64 + Copy,
    meeting: &Meeting,
    is_done: &Gate,
) -> io::Result<Pid> {
    pool_unordered(workers, numbers, square)?.for_each(drop);
    start(|| {
        meeting.meet()?;
        let squared = square_beside(workers, numbers, square);
        is_done.open()?;
        squared
    })
}

/// What a process does that has nothing to do with main's call.
fn square_beside(workers: usize, numbers: &[i64], square: impl Fn(i64) -> i64) -> io::Result<()> {
    for value in pool_unordered(workers, numbers, square)? {
        event("beside", format_args!("value={}", value?));
    }
    Ok(())
}
