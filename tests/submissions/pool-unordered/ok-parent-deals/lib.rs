//! A streaming map in which the parent deals out the numbers and polls for answers.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::exit;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Results {
    waiting: VecDeque<i64>,
    workers: Vec<(Pid, UnixStream, bool)>,
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let mut results = Results { waiting: input.iter().copied().collect(), workers: Vec::new() };
    for _ in 0..workers {
        let (mut ours, theirs) = UnixStream::pair()?;
        // SAFETY: this process has a single thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(ours);
                // Not dropped: that would end the workers that are there already.
                std::mem::forget(results);
                exit(i32::from(answer(theirs, task).is_err()))
            }
            ForkResult::Parent { child } => {
                let busy = send_next(&mut results.waiting, &mut ours)?;
                results.workers.push((child, ours, busy));
            }
        }
    }
    Ok(results)
}

fn answer(mut line: UnixStream, task: impl Fn(i64) -> i64) -> io::Result<()> {
    let mut bytes = [0; 8];
    while line.read_exact(&mut bytes).is_ok() {
        line.write_all(&task(i64::from_ne_bytes(bytes)).to_ne_bytes())?;
    }
    Ok(())
}

/// Sends the next number, if there is one.
fn send_next(waiting: &mut VecDeque<i64>, line: &mut UnixStream) -> io::Result<bool> {
    let next = waiting.pop_front();
    if let Some(number) = next {
        line.write_all(&number.to_ne_bytes())?;
    }
    Ok(next.is_some())
}

impl Results {
    /// The answer of one busy worker, which gets the next number at once.
    fn take(&mut self) -> io::Result<Option<i64>> {
        let busy = self.workers.iter_mut().filter(|(_, _, busy)| *busy);
        let mut busy: Vec<_> = busy.collect();
        if busy.is_empty() {
            return Ok(None);
        }
        let lines = busy.iter().map(|(_, line, _)| PollFd::new(line.as_fd(), PollFlags::POLLIN));
        let mut polled: Vec<_> = lines.collect();
        while let Err(error) = poll(&mut polled, PollTimeout::NONE) {
            if error != Errno::EINTR {
                return Err(error.into());
            }
        }
        let ready = polled.iter().position(|line| line.any().unwrap_or(false));
        let (_, line, busy) = &mut *busy[ready.expect("poll returned")];
        let mut bytes = [0; 8];
        line.read_exact(&mut bytes)?;
        *busy = send_next(&mut self.waiting, line)?;
        Ok(Some(i64::from_ne_bytes(bytes)))
    }

    fn end(&mut self) {
        for (pid, line, _) in self.workers.drain(..) {
            // Killed before it can take the end of its line for anything else.
            let _ = kill(pid, Signal::SIGKILL);
            drop(line);
            let _ = waitpid(pid, None);
        }
    }
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = self.take().transpose();
        if result.is_none() {
            self.end();
        }
        result
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        self.end();
    }
}
