//! A thread deals out the numbers, polls for answers, and stops dealing while 256 results wait.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// How many results may wait for the reader before the dispatcher stops dealing.
const IN_STORE: usize = 256;

pub struct Results {
    store: Option<Receiver<io::Result<i64>>>,
    dispatcher: Option<JoinHandle<()>>,
    workers: Vec<Pid>,
}

fn worker(mut line: UnixStream, task: &impl Fn(i64) -> i64) {
    let mut number = [0; 8];
    while line.read_exact(&mut number).is_ok() {
        let result = task(i64::from_ne_bytes(number));
        if line.write_all(&result.to_ne_bytes()).is_err() {
            return;
        }
    }
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let mut results = Results { store: None, dispatcher: None, workers: Vec::new() };
    let mut lines = Vec::new();
    for _ in 0..workers {
        let (ours, theirs) = UnixStream::pair()?;
        // SAFETY: no thread has been started yet
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(ours);
                lines.clear();
                let end = catch_unwind(AssertUnwindSafe(|| worker(theirs, &task)));
                // SAFETY: ends this process
                unsafe { libc::_exit(if end.is_ok() { 0 } else { 1 }) }
            }
            ForkResult::Parent { child } => {
                results.workers.push(child);
                lines.push(ours);
            }
        }
    }
    let (sender, receiver) = sync_channel(IN_STORE);
    let numbers: VecDeque<i64> = input.iter().copied().collect();
    results.store = Some(receiver);
    results.dispatcher = Some(thread::spawn(move || dispatch(lines, numbers, sender)));
    Ok(results)
}

/// Deals the numbers out, one to each free worker, and passes the results on.
fn dispatch(
    lines: Vec<UnixStream>,
    mut numbers: VecDeque<i64>,
    store: SyncSender<io::Result<i64>>,
) {
    let mut busy: Vec<UnixStream> = Vec::new();
    for line in lines {
        if let Some(line) = deal(line, &mut numbers) {
            busy.push(line);
        }
    }
    while !busy.is_empty() {
        let mut fds: Vec<_> =
            busy.iter().map(|l| PollFd::new(l.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            Err(e) => {
                let _ = store.send(Err(e.into()));
                return;
            }
            Ok(_) => {}
        }
        let ready: Vec<bool> = fds.iter().map(|fd| fd.any() != Some(false)).collect();
        let mut still = Vec::new();
        let mut came = Vec::new();
        for (mut line, ready) in std::mem::take(&mut busy).into_iter().zip(ready) {
            if !ready {
                still.push(line);
                continue;
            }
            let mut result = [0; 8];
            match line.read_exact(&mut result) {
                Ok(()) => {
                    came.push(Ok(i64::from_ne_bytes(result)));
                    still.extend(deal(line, &mut numbers));
                }
                Err(e) => came.push(Err(e)),
            }
        }
        busy = still;
        for result in came {
            if store.send(result).is_err() {
                return; // nobody wants them any more
            }
        }
    }
    if !numbers.is_empty() {
        let _ = store.send(Err(io::Error::other("all workers are dead")));
    }
}

/// Sends the next number down the line; drops the line if there is none, which ends the worker.
fn deal(mut line: UnixStream, numbers: &mut VecDeque<i64>) -> Option<UnixStream> {
    let number = *numbers.front()?;
    line.write_all(&number.to_ne_bytes()).ok()?;
    numbers.pop_front();
    Some(line)
}

impl Results {
    fn finish(&mut self) {
        self.store = None;
        if let Some(dispatcher) = self.dispatcher.take() {
            let _ = dispatcher.join();
        }
        for pid in self.workers.drain(..) {
            while waitpid(pid, None) == Err(Errno::EINTR) {}
        }
    }
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = self.store.as_ref()?.recv().ok();
        if result.is_none() {
            self.finish();
        }
        result
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for &pid in &self.workers {
            let _ = kill(pid, Signal::SIGKILL);
        }
        self.finish();
    }
}
