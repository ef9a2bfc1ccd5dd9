//! The chunks wait in a pipe, and the workers fetch them from there.

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
    let (tasks, mut queue) = io::pipe()?;
    for index in 0..input.chunks(chunk).len() {
        queue.write_all(&(index as u32).to_ne_bytes())?;
    }
    drop(queue);

    let mut pool = Vec::new();
    for _ in 0..workers {
        let (reader, writer) = io::pipe()?;
        // SAFETY: this process has a single thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                match work(&tasks, &writer, |index| task(input.chunks(chunk).nth(index).unwrap())) {
                    Ok(()) => exit(0),
                    Err(error) => {
                        eprintln!("worker: {error}");
                        exit(1)
                    }
                }
            }
            ForkResult::Parent { child } => pool.push((child, reader)),
        }
    }

    let mut output = vec![0; input.len()];
    for (child, mut reader) in pool {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        for [index, offset, number] in records(&bytes) {
            output[index as usize * chunk + offset as usize] = number;
        }
        waitpid(child, None)?;
    }
    Ok(output)
}

fn work(
    mut tasks: &PipeReader,
    mut results: &PipeWriter,
    task: impl Fn(usize) -> Vec<i64>,
) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let count = tasks.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        for bytes in buffer[..count].as_chunks().0 {
            let index = u32::from_ne_bytes(*bytes) as usize;
            for (offset, number) in task(index).into_iter().enumerate() {
                results.write_all(&(index as u64).to_ne_bytes())?;
                results.write_all(&(offset as u64).to_ne_bytes())?;
                results.write_all(&number.to_ne_bytes())?;
            }
        }
    }
}
/// Triples of the chunk, the place in it, and the number for that place.
fn records(bytes: &[u8]) -> impl Iterator<Item = [i64; 3]> {
    let (words, _) = bytes.as_chunks::<8>();
    let (triples, _) = words.as_chunks::<3>();
    triples.iter().map(|triple| triple.map(i64::from_ne_bytes))
}
