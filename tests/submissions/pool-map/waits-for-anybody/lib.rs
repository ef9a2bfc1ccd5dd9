use std::io::{self, Read, Write};

use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let mut readers = Vec::new();
    for w in 0..workers {
        let (reader, mut writer) = io::pipe()?;
        if let ForkResult::Child = unsafe { fork() }? {
            for part in input.chunks(chunk).skip(w).step_by(workers) {
                let results = task(part);
                let bytes = results.iter().map(|r| r.to_ne_bytes()).collect::<Vec<_>>().concat();
                if writer.write_all(&bytes).is_err() {
                    break;
                }
            }
            std::process::exit(0);
        }
        readers.push(reader);
    }
    let mut results = Vec::new();
    let mut number = [0; 8];
    for (i, part) in input.chunks(chunk).enumerate() {
        for _ in 0..part.len() {
            readers[i % workers].read_exact(&mut number)?;
            results.push(i64::from_ne_bytes(number));
        }
    }
    for _ in 0..workers {
        wait()?;
    }
    Ok(results)
}
