//! Many numbers, and few descriptors or processes.

use std::io;

use pool_map::pool_map;
use stage::{event, refuse_processes};

use crate::square;

/// So many descriptors has a process when many numbers are squared.
const DESCRIPTORS: u64 = 100;

/// Squares the numbers from 0 on; says how many of the results are right. Or the system refuses the
/// second fork, and it says that there are no results.
pub fn square_many(workers: usize, chunk: usize, count: usize, refuse: bool) -> io::Result<()> {
    // Whoever has a pipe for each chunk has too many.
    let few = libc::rlimit { rlim_cur: DESCRIPTORS, rlim_max: DESCRIPTORS };
    // SAFETY: the limits are there to be read.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &few) } != 0 {
        return Err(io::Error::last_os_error());
    }
    if refuse {
        refuse_after_a_fork()?;
    }
    let numbers: Vec<_> = (0..).take(count).collect();
    let squares = pool_map(workers, chunk, &numbers, |part| {
        part.iter().map(|&number| square(number)).collect()
    });
    if let (true, Err(error)) = (refuse, &squares) {
        event("main", "failed");
        eprintln!("pool_map says: {error}");
        return Ok(());
    }
    let squares = squares?;
    let right =
        squares.iter().zip(&numbers).filter(|(result, number)| **result == square(**number));
    event("main", format_args!("results={} right={}", squares.len(), right.count()));
    Ok(())
}

/// When this process has forked once more, the system permits it no further process.
fn refuse_after_a_fork() -> io::Result<()> {
    extern "C" fn refuse() {
        // Where the system does not let itself be limited, all forks come about, which shows.
        refuse_processes();
    }
    // SAFETY: by what is called after a fork only this process is changed.
    match unsafe { libc::pthread_atfork(None, Some(refuse), None) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}
