//! Cuts the input into chunks and maps each of them.

use std::io;

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    if workers == 0 {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    Ok(input.chunks(chunk).flat_map(task).collect())
}
