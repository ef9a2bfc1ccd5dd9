use std::io::{self, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let chunks = input.len().div_ceil(chunk);
    let per_worker = chunks.div_ceil(workers) * chunk;
    let mut running = Vec::new();
    for w in 0..workers {
        let start = (w * per_worker).min(input.len());
        let end = (start + per_worker).min(input.len());
        let block = &input[start..end];
        let (reader, mut writer) = io::pipe()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                for part in block.chunks(chunk) {
                    for r in task(part) {
                        if writer.write_all(&r.to_ne_bytes()).is_err() {
                            std::process::exit(1);
                        }
                    }
                }
                std::process::exit(0);
            }
            ForkResult::Parent { child } => running.push((child, reader, block.len())),
        }
    }
    let mut results = Vec::new();
    for (_, reader, count) in &mut running {
        let mut bytes = vec![0; *count * 8];
        reader.read_exact(&mut bytes)?;
        results.extend(bytes.chunks(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap())));
    }
    for (pid, reader, _) in running {
        drop(reader);
        waitpid(pid, None)?;
    }
    Ok(results)
}
