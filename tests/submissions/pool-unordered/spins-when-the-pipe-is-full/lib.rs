//! A parallel map whose workers try again and again while the pipe of results is full.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::thread;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Results {
    pipe: PipeReader,
    left: usize,
    pids: Vec<Pid>,
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let (turn_reader, mut turn_writer) = io::pipe()?;
    turn_writer.write_all(&0_u64.to_ne_bytes())?;
    let (pipe, home) = io::pipe()?;
    // No worker shall hang in a write when nobody reads any more.
    fcntl(&home, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let mut results = Results { pipe, left: input.len(), pids: Vec::with_capacity(workers) };
    for _ in 0..workers {
        // SAFETY: the process has one thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                let ended = work(input, turn_reader, turn_writer, home, task);
                std::process::exit(if ended.is_ok() { 0 } else { 1 });
            }
            ForkResult::Parent { child } => results.pids.push(child),
        }
    }
    Ok(results)
}

fn work(
    input: &[i64],
    mut turn_reader: PipeReader,
    mut turn_writer: PipeWriter,
    mut home: PipeWriter,
    task: impl Fn(i64) -> i64,
) -> io::Result<()> {
    loop {
        let mut turn = [0; 8];
        turn_reader.read_exact(&mut turn)?;
        let place = u64::from_ne_bytes(turn);
        turn_writer.write_all(&(place + 1).to_ne_bytes())?;
        let Some(&number) = input.get(place as usize) else { return Ok(()) };
        let bytes = task(number).to_ne_bytes();
        // eight bytes go in as a whole or not at all
        while let Err(e) = home.write_all(&bytes) {
            match e.kind() {
                ErrorKind::WouldBlock => thread::yield_now(),
                _ => return Err(e),
            }
        }
    }
}

impl Results {
    fn wait_for_all(&mut self) {
        for pid in self.pids.drain(..) {
            while waitpid(pid, None) == Err(Errno::EINTR) {}
        }
    }
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            self.wait_for_all();
            return None;
        }
        let mut bytes = [0; 8];
        let read = self.pipe.read_exact(&mut bytes);
        self.left -= 1;
        Some(read.map(|()| i64::from_ne_bytes(bytes)))
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for pid in &self.pids {
            let _ = kill(*pid, Signal::SIGKILL);
        }
        self.wait_for_all();
    }
}
