//! A map over an iterator, and iterators are lazy.

use std::io;

pub struct Results {
    results: std::vec::IntoIter<i64>,
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    assert!(workers > 0, "a pool needs a worker");
    let results: Vec<i64> = input.iter().map(|&number| task(number)).collect();
    Ok(Results { results: results.into_iter() })
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        self.results.next().map(Ok)
    }
}
