//! A `read` that a signal breaks off is taken for the end of the results.

use std::io::{self, PipeReader, PipeWriter, Write};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, read};

pub struct Results {
    pipe: PipeReader,
    pids: Vec<Pid>,
    finished: bool,
}

fn draw(turn: &(PipeReader, PipeWriter)) -> u64 {
    use std::io::Read;
    let mut bytes = [0; 8];
    (&turn.0).read_exact(&mut bytes).unwrap();
    let place = u64::from_ne_bytes(bytes);
    (&turn.1).write_all(&(place + 1).to_ne_bytes()).unwrap();
    place
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let turn = io::pipe()?;
    (&turn.1).write_all(&0u64.to_ne_bytes())?;
    let (pipe, writer) = io::pipe()?;
    let mut pids = Vec::new();
    for _ in 0..workers {
        match unsafe { fork() }? {
            ForkResult::Parent { child } => pids.push(child),
            ForkResult::Child => {
                loop {
                    let place = draw(&turn) as usize;
                    let Some(&number) = input.get(place) else { break };
                    (&writer).write_all(&task(number).to_ne_bytes()).unwrap();
                }
                unsafe { libc::_exit(0) }
            }
        }
    }
    Ok(Results { pipe, pids, finished: false })
}

impl Results {
    fn finish(&mut self) {
        self.finished = true;
        for pid in self.pids.drain(..) {
            let _ = kill(pid, Signal::SIGKILL);
            let _ = waitpid(pid, None);
        }
    }
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let mut bytes = [0; 8];
        let mut got = 0;
        while got < 8 {
            match read(&self.pipe, &mut bytes[got..]) {
                Ok(n) if n > 0 => got += n,
                _ => {
                    // end of file
                    self.finish();
                    return None;
                }
            }
        }
        Some(Ok(i64::from_ne_bytes(bytes)))
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        self.finish();
    }
}
