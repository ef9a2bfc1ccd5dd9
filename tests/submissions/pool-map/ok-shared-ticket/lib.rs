//! A parallel map in which a free worker takes the next chunk.
//!
//! The number of the next chunk travels through a pipe: whoever has read it
//! writes back the one after it, and nobody else can draw in between.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::process::exit;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let ticket = io::pipe()?;
    (&ticket.1).write_all(&0_u64.to_ne_bytes())?;
    let chunks: Vec<&[i64]> = input.chunks(chunk).collect();

    let mut children = Vec::new();
    let mut results = Vec::new();
    for _ in 0..workers {
        let (reader, writer) = io::pipe()?;
        // SAFETY: this process has a single thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                exit(i32::from(work(&ticket, &chunks, &writer, &task).is_err()))
            }
            ForkResult::Parent { child } => {
                children.push(child);
                results.push(Inbox { pipe: reader, bytes: Vec::new(), open: true });
            }
        }
    }
    receive_all(&mut results)?;
    for child in children {
        waitpid(child, None)?;
    }
    Ok(in_order(&results, chunks.len()))
}

fn draw(ticket: &(PipeReader, PipeWriter)) -> io::Result<usize> {
    let mut bytes = [0; 8];
    (&ticket.0).read_exact(&mut bytes)?;
    let next = u64::from_ne_bytes(bytes);
    (&ticket.1).write_all(&(next + 1).to_ne_bytes())?;
    Ok(next as usize)
}

fn work(
    ticket: &(PipeReader, PipeWriter),
    chunks: &[&[i64]],
    mut results: &PipeWriter,
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<()> {
    while let Some((index, chunk)) = draw(ticket).map(|index| Some((index, chunks.get(index)?)))? {
        let numbers = task(chunk);
        let mut message = vec![index as i64, numbers.len() as i64];
        message.extend(numbers);
        let bytes: Vec<u8> = message.iter().flat_map(|word| word.to_ne_bytes()).collect();
        results.write_all(&bytes)?;
    }
    Ok(())
}

/// What a worker has sent so far.
struct Inbox {
    pipe: PipeReader,
    bytes: Vec<u8>,
    open: bool,
}

/// Reads from whichever worker has something, until all of them have closed.
fn receive_all(inboxes: &mut [Inbox]) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    while inboxes.iter().any(|inbox| inbox.open) {
        let mut open: Vec<&mut Inbox> = inboxes.iter_mut().filter(|inbox| inbox.open).collect();
        let mut polled: Vec<PollFd> =
            open.iter().map(|inbox| PollFd::new(inbox.pipe.as_fd(), PollFlags::POLLIN)).collect();
        poll(&mut polled, PollTimeout::NONE)?;
        let ready: Vec<bool> = polled.iter().map(|fd| fd.any() == Some(true)).collect();
        for (inbox, _) in open.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            let count = inbox.pipe.read(&mut buffer)?;
            inbox.bytes.extend(&buffer[..count]);
            inbox.open = count > 0;
        }
    }
    Ok(())
}

fn in_order(inboxes: &[Inbox], chunks: usize) -> Vec<i64> {
    let mut places = vec![Vec::new(); chunks];
    for inbox in inboxes {
        let (words, _) = inbox.bytes.as_chunks::<8>();
        let mut words = words.iter().map(|word| i64::from_ne_bytes(*word));
        while let (Some(index), Some(length)) = (words.next(), words.next()) {
            places[index as usize] = words.by_ref().take(length as usize).collect();
        }
    }
    places.concat()
}
