//! A parallel map whose workers draw their chunks, however many workers there are.

use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let page = NonZeroUsize::new(4096).unwrap();
    let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: new memory, zeroed, is a counter, and nobody uses it when it is unmapped.
    unsafe {
        let map = mmap_anonymous(None, page, protection, MapFlags::MAP_SHARED)?;
        let chunks: Vec<_> = input.chunks(chunk).collect();
        let results = draw(workers, &chunks, task, map.cast().as_ref());
        munmap(map, page.get())?;
        results
    }
}

fn draw(
    workers: usize,
    chunks: &[&[i64]],
    task: impl Fn(&[i64]) -> Vec<i64>,
    next: &AtomicUsize,
) -> io::Result<Vec<i64>> {
    let mut crew = Vec::new();
    for _ in 0..workers {
        let (reader, writer) = io::pipe()?;
        // SAFETY: the process has one thread.
        match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                drop(reader);
                exit(i32::from(work(chunks, task, next, writer).is_err()))
            }
            Ok(ForkResult::Parent { child }) => crew.push((child, reader)),
            // The system is short of processes: those that are there will do it.
            Err(_) if !crew.is_empty() => break,
            Err(error) => return Err(error.into()),
        }
    }
    let mut found = vec![Vec::new(); chunks.len()];
    for (pid, mut reader) in crew {
        let mut number = [0; 8];
        while reader.read_exact(&mut number).is_ok() {
            let number = usize::from_ne_bytes(number);
            let mut bytes = vec![0; 8 * chunks[number].len()];
            reader.read_exact(&mut bytes)?;
            let (words, _) = bytes.as_chunks();
            found[number] = words.iter().map(|word| i64::from_ne_bytes(*word)).collect();
        }
        waitpid(pid, None)?;
    }
    Ok(found.concat())
}

fn work(
    chunks: &[&[i64]],
    task: impl Fn(&[i64]) -> Vec<i64>,
    next: &AtomicUsize,
    mut home: impl Write,
) -> io::Result<()> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(chunk) = chunks.get(number) else { return Ok(()) };
        let mut message = number.to_ne_bytes().to_vec();
        message.extend(task(chunk).into_iter().flat_map(i64::to_ne_bytes));
        home.write_all(&message)?;
    }
}
