//! Deals out the chunks in turn; if the system refuses a worker, those that are there are waited for.

use std::io::{self, PipeReader, PipeWriter, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

struct Worker {
    pid: Pid,
    results: PipeReader,
}

fn wait_for(workers: &[Worker]) -> io::Result<()> {
    for worker in workers {
        waitpid(worker.pid, None)?;
    }
    Ok(())
}

fn work<'a>(
    parts: impl Iterator<Item = &'a [i64]>,
    task: &impl Fn(&[i64]) -> Vec<i64>,
    mut to: PipeWriter,
) -> io::Result<()> {
    for part in parts {
        let bytes: Vec<u8> = task(part).into_iter().flat_map(i64::to_ne_bytes).collect();
        to.write_all(&bytes)?;
    }
    Ok(())
}

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let mut team: Vec<Worker> = Vec::new();
    for w in 0..workers {
        let (results, to) = match io::pipe() {
            Ok(pipe) => pipe,
            Err(e) => {
                wait_for(&team)?;
                return Err(e);
            }
        };
        match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                drop(results);
                team.clear();
                let parts = input.chunks(chunk).skip(w).step_by(workers);
                let end = work(parts, &task, to);
                std::process::exit(if end.is_ok() { 0 } else { 1 });
            }
            Ok(ForkResult::Parent { child }) => team.push(Worker { pid: child, results }),
            Err(e) => {
                // leave no zombies behind
                wait_for(&team)?;
                return Err(e.into());
            }
        }
    }
    let mut output = Vec::with_capacity(input.len());
    for (i, part) in input.chunks(chunk).enumerate() {
        let mut bytes = vec![0; 8 * part.len()];
        team[i % workers].results.read_exact(&mut bytes)?;
        output.extend(bytes.chunks_exact(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap())));
    }
    wait_for(&team)?;
    Ok(output)
}
