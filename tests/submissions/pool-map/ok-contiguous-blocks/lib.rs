//! A parallel map in which worker w takes the w-th run of neighbouring chunks.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::exit;
use std::thread;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let chunks: Vec<&[i64]> = input.chunks(chunk).collect();
    // All forks come before the first thread: a child must not inherit half a process.
    let mut pool: Vec<(Pid, PipeReader)> = Vec::new();
    for worker in 0..workers {
        let run = chunks.len() * worker / workers..chunks.len() * (worker + 1) / workers;
        let (reader, writer) = io::pipe()?;
        // SAFETY: this process has a single thread so far.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let results = chunks[run].iter().map(|chunk| task(chunk));
                exit(i32::from(send(writer, results).is_err()))
            }
            ForkResult::Parent { child } => pool.push((child, reader)),
        }
    }

    let (children, readers): (Vec<Pid>, Vec<PipeReader>) = pool.into_iter().unzip();
    let threads: Vec<_> =
        readers.into_iter().map(|reader| thread::spawn(|| receive(reader))).collect();
    let mut output = Vec::with_capacity(input.len());
    for thread in threads {
        output.extend(thread.join().expect("a reader does not panic")?);
    }
    for child in children {
        waitpid(child, None)?;
    }
    Ok(output)
}

fn send(mut writer: PipeWriter, results: impl Iterator<Item = Vec<i64>>) -> io::Result<()> {
    for number in results.flatten() {
        writer.write_all(&number.to_ne_bytes())?;
    }
    Ok(())
}

fn receive(mut reader: PipeReader) -> io::Result<Vec<i64>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok(bytes.as_chunks().0.iter().map(|number| i64::from_ne_bytes(*number)).collect())
}
