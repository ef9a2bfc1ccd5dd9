//! After all forks a thread of the parent feeds the numbers into a pipe.

use std::io::{self, PipeReader, Read, Write};
use std::thread::{self, JoinHandle};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Results {
    results: PipeReader,
    expected: usize,
    pids: Vec<Pid>,
    feeder: Option<JoinHandle<()>>,
}

impl Results {
    fn wait(&mut self) {
        for pid in std::mem::take(&mut self.pids) {
            while waitpid(pid, None) == Err(nix::Error::EINTR) {}
        }
        // Nobody reads its pipe any more, so it does not sleep for long.
        if let Some(feeder) = self.feeder.take() {
            let _ = feeder.join();
        }
    }
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let (mut tasks, mut feed) = io::pipe()?;
    let (results, mut home) = io::pipe()?;
    let mut stream = Results { results, expected: input.len(), pids: vec![], feeder: None };
    for _ in 0..workers {
        // SAFETY: the feeder does not exist yet
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(feed);
                let work = || {
                    let mut word = [0; 8];
                    while tasks.read_exact(&mut word).is_ok() {
                        let result = task(i64::from_ne_bytes(word));
                        if home.write_all(&result.to_ne_bytes()).is_err() {
                            return;
                        }
                    }
                };
                let ok = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_ok();
                std::process::exit(i32::from(!ok));
            }
            ForkResult::Parent { child } => stream.pids.push(child),
        }
    }
    drop(tasks);
    drop(home);
    let numbers = input.to_vec();
    let feeder = move || {
        for n in numbers {
            if feed.write_all(&n.to_ne_bytes()).is_err() {
                break;
            }
        }
    };
    stream.feeder = Some(thread::Builder::new().spawn(feeder)?);
    Ok(stream)
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.expected == 0 {
            self.wait();
            return None;
        }
        let mut word = [0; 8];
        match self.results.read_exact(&mut word) {
            Ok(()) => {
                self.expected -= 1;
                Some(Ok(i64::from_ne_bytes(word)))
            }
            Err(e) => {
                self.expected = 0;
                Some(Err(e))
            }
        }
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for pid in &self.pids {
            kill(*pid, Signal::SIGKILL).ok();
        }
        self.wait();
    }
}
