//! A second call.

use std::fs;
use std::io;

use pool_map::pool_map;
use stage::event;

use crate::{list, square};

/// Calls the map once more, for sums of squares. Says how many descriptors that leaves open, together
/// with those that the first call has `left_open`.
pub fn sum_up(
    workers: usize,
    chunk: usize,
    numbers: &[i64],
    sign: i64,
    left_open: usize,
) -> io::Result<()> {
    let before = descriptors()?;
    let sums = pool_map(workers, chunk, numbers, |part| {
        event("again", format_args!("call len={}", part.len()));
        let sums = part.iter().scan(0, |sum, &number| {
            *sum += sign * square(number);
            Some(*sum)
        });
        sums.collect()
    })?;
    let more = left_open + descriptors()?.saturating_sub(before);
    event("main", format_args!("again={} more={more}", list(&sums)));
    Ok(())
}

/// How many descriptors this process has open.
pub fn descriptors() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/fd")?.count())
}
