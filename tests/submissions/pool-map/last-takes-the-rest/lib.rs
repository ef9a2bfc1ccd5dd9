//! A parallel map in which the last worker gets what is left over.

use std::io::{self, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let chunks: Vec<&[i64]> = input.chunks(chunk).collect();
    let share = chunks.len() / workers;

    let mut pids = Vec::new();
    let mut readers = Vec::new();
    for w in 0..workers {
        let first = w * share;
        // the last worker gets the remainder too
        let last = if w == workers - 1 { chunks.len() } else { first + share };
        let (reader, mut writer) = io::pipe()?;
        // SAFETY: the process has one thread.
        match unsafe { fork()? } {
            ForkResult::Child => {
                drop(reader);
                for part in &chunks[first..last] {
                    for value in task(part) {
                        if writer.write_all(&value.to_ne_bytes()).is_err() {
                            std::process::exit(1);
                        }
                    }
                }
                std::process::exit(0);
            }
            ForkResult::Parent { child } => {
                pids.push(child);
                readers.push(reader);
            }
        }
    }

    let mut all = Vec::new();
    for mut reader in readers {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        for word in bytes.chunks(8) {
            all.push(i64::from_ne_bytes(word.try_into().unwrap()));
        }
    }
    for pid in pids {
        waitpid(pid, None)?;
    }
    Ok(all)
}
