//! A parallel map: worker w takes every n-th chunk, and sends its results home through a pipe.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let chunks = input.len() / chunk;
    let part = |index: usize| &input[index * chunk..(index + 1) * chunk];

    let mut pool = Vec::with_capacity(workers);
    for worker in 0..workers {
        let (reader, writer) = io::pipe()?;
        // SAFETY: this process has a single thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                for index in (worker..chunks).step_by(workers) {
                    send(&writer, &task(part(index)));
                }
                exit(0)
            }
            ForkResult::Parent { child } => pool.push((child, reader)),
        }
    }

    let mut output = vec![0; chunks * chunk];
    for index in 0..chunks {
        let (_, reader) = &pool[index % workers];
        receive(reader, &mut output[index * chunk..(index + 1) * chunk])?;
    }
    for (child, _) in pool {
        waitpid(child, None)?;
    }
    Ok(output)
}

fn send(mut writer: &PipeWriter, numbers: &[i64]) {
    for number in numbers {
        if let Err(error) = writer.write_all(&number.to_ne_bytes()) {
            eprintln!("cannot send a result: {error}");
            exit(1);
        }
    }
}

fn receive(mut reader: &PipeReader, numbers: &mut [i64]) -> io::Result<()> {
    for number in numbers {
        let mut bytes = [0; 8];
        reader.read_exact(&mut bytes)?;
        *number = i64::from_ne_bytes(bytes);
    }
    Ok(())
}
