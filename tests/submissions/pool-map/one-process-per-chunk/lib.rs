//! A parallel map over forked processes.

use std::io::{self, Read, Write};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    assert!(workers > 0, "a pool needs a worker");
    let mut results = Vec::new();
    let mut pids = Vec::new();
    for part in input.chunks(chunk) {
        let (reader, mut writer) = io::pipe()?;
        // SAFETY: this process has a single thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let sent = writer.write_all(&to_bytes(&task(part)));
                exit(if sent.is_ok() { 0 } else { 1 })
            }
            ForkResult::Parent { child } => {
                pids.push(child);
                results.push(reader);
            }
        }
    }

    let mut output = Vec::new();
    for (pid, mut reader) in pids.into_iter().zip(results) {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        output.extend(from_bytes(&bytes));
        waitpid(pid, None)?;
    }
    Ok(output)
}

fn to_bytes(numbers: &[i64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn from_bytes(bytes: &[u8]) -> Vec<i64> {
    let (numbers, _) = bytes.as_chunks::<8>();
    numbers.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect()
}
