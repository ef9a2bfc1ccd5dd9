//! A number is sent home with its result, and each is looked up by its number.

use std::collections::HashMap;
use std::io::{self, BufReader, ErrorKind, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let (reader, mut writer) = io::pipe()?;
    let mut pids: Vec<Pid> = Vec::new();

    for number in 0..workers {
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                for part in input.chunks(chunk).skip(number).step_by(workers) {
                    let results = task(part);
                    for (from, to) in part.iter().zip(results) {
                        // short messages are never mixed up
                        let message = [from.to_ne_bytes(), to.to_ne_bytes()].concat();
                        if writer.write_all(&message).is_err() {
                            std::process::exit(1);
                        }
                    }
                }
                std::process::exit(0);
            }
            ForkResult::Parent { child } => pids.push(child),
        }
    }
    drop(writer);

    let mut table = HashMap::new();
    let mut reader = BufReader::new(reader);
    let mut message = [0u8; 16];
    loop {
        match reader.read_exact(&mut message) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => break,
            Err(e) => return Err(e),
        }
        let from = i64::from_ne_bytes(message[..8].try_into().unwrap());
        let to = i64::from_ne_bytes(message[8..].try_into().unwrap());
        table.insert(from, to);
    }
    for pid in pids {
        waitpid(pid, None)?;
    }
    input
        .iter()
        .map(|n| table.get(n).copied().ok_or_else(|| io::Error::other("a worker is missing")))
        .collect()
}
