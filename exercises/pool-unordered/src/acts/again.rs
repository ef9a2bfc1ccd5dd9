//! A second call, and what is left of it.

use std::fs;
use std::io;
use std::thread;

use pool_unordered::pool_unordered;
use stage::event;

pub fn square_again(
    workers: usize,
    numbers: &[i64],
    square: impl Fn(i64) -> i64,
    take: usize,
) -> io::Result<()> {
    let before = descriptors(0);
    let results = pool_unordered(workers, numbers, square)?;
    for value in results.take(take) {
        event("again", format_args!("value={}", value?));
    }
    event("again", format_args!("kept={}", descriptors(before).saturating_sub(before)));
    Ok(())
}

/// How many descriptors this process has open, if the system tells; waits a while for there
/// being no more than `expected`, since a thread may be about to close some.
fn descriptors(expected: usize) -> usize {
    let count = || fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let looks = if expected == 0 { 1 } else { 2000 };
    for _ in 1..looks {
        if count() <= expected {
            break;
        }
        thread::yield_now();
    }
    count()
}
