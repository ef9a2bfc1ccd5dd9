//! A streaming map: workers draw places from a pipe, and send results through another.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::exit;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Results {
    results: PipeReader,
    taken: PipeWriter,
    left: usize,
    pids: Vec<Pid>,
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let (mut next_rx, mut next_tx) = io::pipe()?;
    next_tx.write_all(&0_u64.to_le_bytes())?;
    let (results_rx, mut results_tx) = io::pipe()?;
    let (mut taken_rx, mut taken) = io::pipe()?;
    taken.write_all(&[0])?;
    let mut pids = Vec::new();
    for _ in 0..workers {
        // SAFETY: this process has a single thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                while let Ok(place) = draw(&mut next_rx, &mut next_tx) {
                    let Some(&number) = input.get(place as usize) else { break };
                    if taken_rx.read_exact(&mut [0]).is_err() {
                        break;
                    }
                    if send(&mut results_tx, task(number)).is_err() {
                        break;
                    }
                }
                exit(0);
            }
            ForkResult::Parent { child } => pids.push(child),
        }
    }
    Ok(Results { results: results_rx, taken, left: input.len(), pids })
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            for pid in self.pids.drain(..) {
                let _ = waitpid(pid, None);
            }
            return None;
        }
        self.left -= 1;
        let mut bytes = [0; 8];
        let mut result = self.results.read_exact(&mut bytes);
        if self.left > 0 {
            result = result.and_then(|()| self.taken.write_all(&[0]));
        }
        Some(result.map(|()| i64::from_le_bytes(bytes)))
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for &pid in &self.pids {
            let _ = kill(pid, Signal::SIGKILL);
            let _ = waitpid(pid, None);
        }
    }
}

fn draw(from: &mut PipeReader, to: &mut PipeWriter) -> io::Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    let place = u64::from_le_bytes(bytes);
    to.write_all(&(place + 1).to_le_bytes())?;
    Ok(place)
}

fn send(to: &mut PipeWriter, number: i64) -> io::Result<()> {
    to.write_all(&number.to_le_bytes())
}
