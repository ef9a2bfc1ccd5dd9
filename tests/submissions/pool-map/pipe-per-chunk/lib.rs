use std::io::{self, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let parts: Vec<_> = input.chunks(chunk).collect();
    let mut pipes = parts.iter().map(|_| io::pipe()).collect::<io::Result<Vec<_>>>()?;
    let mut pids = Vec::new();
    for w in 0..workers {
        match unsafe { fork() }? {
            ForkResult::Child => {
                let mut i = w;
                while i < parts.len() {
                    let bytes: Vec<u8> =
                        task(parts[i]).iter().flat_map(|r| r.to_ne_bytes()).collect();
                    pipes[i].1.write_all(&bytes).unwrap_or_else(|_| std::process::exit(1));
                    i += workers;
                }
                std::process::exit(0);
            }
            ForkResult::Parent { child } => pids.push(child),
        }
    }
    let mut results = vec![];
    for (i, (mut reader, writer)) in pipes.into_iter().enumerate() {
        drop(writer);
        let mut bytes = vec![0; 8 * parts[i].len()];
        reader.read_exact(&mut bytes)?;
        results.extend(bytes.chunks_exact(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap())));
    }
    for pid in pids {
        waitpid(pid, None)?;
    }
    Ok(results)
}
