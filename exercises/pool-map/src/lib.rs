//! A parallel map over worker processes that keeps the order of its input.
//!
//! This is the only file that you edit. `cargo test -p pool-map` judges it.

use std::io;

/// Applies `task` to `input` in `workers` processes, and returns the results in input order.
///
/// The input is cut into chunks of `chunk` numbers, the last one perhaps shorter. `task` gets one
/// chunk at a time, never an empty one, and returns as many numbers, each of which may depend on
/// the whole chunk. Each chunk is done once, equal ones too, by one of exactly `workers` forked
/// processes; so many are forked, and chunks are no smaller, even if there are fewer chunks.
///
/// Chunks of different workers are done at the same time, from the first to the last: if all take
/// equally long, none waits to be begun while a worker has nothing to do.
///
/// When this returns results, all workers have ended and have been waited for, and the descriptors
/// that it opened are closed. Other children of the caller's are left alone, and can be waited for
/// afterwards. If the system refuses a process or a pipe it returns the error, whatever workers that
/// are there still have to say; what becomes of them is up to you.
///
/// `workers` and `chunk` are at least 1, and `task` does not panic. The input may be long, cut
/// into any number of chunks, and the descriptors few: a hundred have to do for ten workers. It
/// may be called again when it has returned.
pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let _ = (workers, chunk, input, task);
    todo!("fork the workers, give out the chunks, collect the results in order")
}
