//! A streaming map: one pipe and one thread for each worker, one channel for all of them.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::num::NonZeroUsize;
use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Results {
    channel: Receiver<i64>,
    workers: Vec<Worker>,
}

/// A worker process, ended and waited for when it is dropped.
struct Worker(Pid);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGKILL);
        let _ = waitpid(self.0, None);
    }
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let next = shared_counter()?;
    let mut pool = Vec::new();
    let mut pipes = Vec::new();
    // All forks come before the first thread.
    for _ in 0..workers {
        let (reader, writer) = io::pipe()?;
        // SAFETY: this process has a single thread so far.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                exit(i32::from(work(next, input, &task, writer).is_err()))
            }
            ForkResult::Parent { child } => {
                pool.push(Worker(child));
                pipes.push(reader);
            }
        }
    }
    let (sender, channel) = channel();
    for pipe in pipes {
        let sender = sender.clone();
        thread::spawn(move || forward(pipe, &sender));
    }
    Ok(Results { channel, workers: pool })
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = self.channel.recv().ok();
        if result.is_none() {
            self.workers.clear();
        }
        result.map(Ok)
    }
}

fn work(
    next: &AtomicUsize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
    mut results: PipeWriter,
) -> io::Result<()> {
    while let Some(&number) = input.get(next.fetch_add(1, Ordering::Relaxed)) {
        results.write_all(&task(number).to_ne_bytes())?;
    }
    Ok(())
}

/// Ends with the worker, or when nobody wants to hear of results any more.
fn forward(mut pipe: PipeReader, sender: &Sender<i64>) {
    let mut bytes = [0; 8];
    while pipe.read_exact(&mut bytes).is_ok() && sender.send(i64::from_ne_bytes(bytes)).is_ok() {}
}

fn shared_counter() -> io::Result<&'static AtomicUsize> {
    let size = NonZeroUsize::new(size_of::<AtomicUsize>()).expect("a counter takes room");
    let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a mapping of its own, at an address of the kernel's choice.
    let memory = unsafe { mmap_anonymous(None, size, protection, MapFlags::MAP_SHARED) }?;
    // SAFETY: aligned to a page, zeroed, large enough, and never unmapped.
    Ok(unsafe { memory.cast::<AtomicUsize>().as_ref() })
}
