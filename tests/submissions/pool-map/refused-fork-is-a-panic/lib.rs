//! A parallel map over worker processes that keeps the order of its input.
//!
//! Worker `w` of `n` takes the chunks `w`, `w + n`, `w + 2n`, ... and writes its
//! results to a pipe of its own, so nothing is shared and nothing has to be locked.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Applies `task` to `input` in `workers` processes, and returns the results in input order.
///
/// `task` gets one chunk at a time, never an empty one.
pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let mut started = Vec::new();
    for worker in 0..workers {
        started.push(start(worker, |results| {
            for chunk in input.chunks(chunk).skip(worker).step_by(workers) {
                send(results, &task(chunk))?;
            }
            Ok(())
        })?);
    }

    // In input order: a worker that is ahead waits on its full pipe, no one else does.
    let mut output = Vec::with_capacity(input.len());
    for (index, chunk) in input.chunks(chunk).enumerate() {
        let (_, results) = &started[index % workers];
        receive(results, chunk.len(), &mut output)?;
    }
    for (pid, _) in started {
        waitpid(pid, None)?;
    }
    Ok(output)
}

/// Forks a worker that does `work` and ends; returns its pid and the end to read from.
fn start(
    worker: usize,
    work: impl FnOnce(&PipeWriter) -> io::Result<()>,
) -> io::Result<(Pid, PipeReader)> {
    let (reader, writer) = io::pipe()?;
    // SAFETY: the process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }.expect("no fork") {
        ForkResult::Child => {
            drop(reader);
            let done = work(&writer);
            if let Err(error) = &done {
                eprintln!("worker {worker}: {error}");
            }
            exit(i32::from(done.is_err()))
        }
        // The parent's copy of the writing end closes here: else the reader never sees the end.
        ForkResult::Parent { child } => Ok((child, reader)),
    }
}

fn send(mut to: &PipeWriter, numbers: &[i64]) -> io::Result<()> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
    to.write_all(&bytes)
}

fn receive(mut from: &PipeReader, count: usize, into: &mut Vec<i64>) -> io::Result<()> {
    let mut bytes = vec![0; count * size_of::<i64>()];
    from.read_exact(&mut bytes)?;
    let (numbers, _) = bytes.as_chunks();
    into.extend(numbers.iter().map(|number| i64::from_ne_bytes(*number)));
    Ok(())
}
