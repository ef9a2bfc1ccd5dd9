//! Several workers begin with the biggest numbers, since these take longest.

use std::io::{self, PipeReader, PipeWriter, Read, Write};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Results {
    pipe: PipeReader,
    left: usize,
    pids: Vec<Pid>,
}

struct Turn(PipeReader, PipeWriter);

impl Turn {
    fn new() -> io::Result<Turn> {
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(&0u64.to_ne_bytes())?;
        Ok(Turn(reader, writer))
    }

    fn draw(&self) -> io::Result<usize> {
        let mut bytes = [0; 8];
        (&self.0).read_exact(&mut bytes)?;
        let place = u64::from_ne_bytes(bytes);
        (&self.1).write_all(&(place + 1).to_ne_bytes())?;
        Ok(place as usize)
    }
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let mut numbers = input.to_vec();
    if workers > 1 {
        // The biggest take longest: begin with them, so that nobody has to wait for the last one.
        numbers.sort_by(|a, b| b.cmp(a));
    }
    let turn = Turn::new()?;
    let (pipe, mut out) = io::pipe()?;
    let mut results = Results { pipe, left: numbers.len(), pids: vec![] };
    for _ in 0..workers {
        match unsafe { fork() }? {
            ForkResult::Parent { child } => results.pids.push(child),
            ForkResult::Child => {
                while let Some(&number) = numbers.get(turn.draw().unwrap_or(usize::MAX)) {
                    if out.write_all(&task(number).to_ne_bytes()).is_err() {
                        break;
                    }
                }
                std::process::exit(0);
            }
        }
    }
    Ok(results)
}

impl Results {
    fn wait(&mut self) {
        for pid in self.pids.drain(..) {
            while waitpid(pid, None) == Err(Errno::EINTR) {}
        }
    }
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            self.wait();
            return None;
        }
        let mut bytes = [0; 8];
        match self.pipe.read_exact(&mut bytes) {
            Ok(()) => {
                self.left -= 1;
                Some(Ok(i64::from_ne_bytes(bytes)))
            }
            Err(e) => {
                self.left = 0;
                Some(Err(e))
            }
        }
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for &pid in &self.pids {
            let _ = kill(pid, Signal::SIGKILL);
        }
        self.wait();
    }
}
