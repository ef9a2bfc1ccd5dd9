use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, pipe};

pub struct Results {
    from_workers: File,
    workers: Vec<Pid>,
    to_come: usize,
}

fn file_pipe() -> io::Result<(File, File)> {
    let (r, w): (OwnedFd, OwnedFd) = pipe()?;
    Ok((File::from(r), File::from(w)))
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let (mut turn, mut back) = file_pipe()?;
    let (from_workers, mut to_main) = file_pipe()?;
    back.write_all(&0usize.to_ne_bytes())?;
    let mut results = Results { from_workers, workers: Vec::new(), to_come: input.len() };
    for _ in 0..workers {
        match unsafe { fork() }? {
            ForkResult::Child => {
                let run = || -> io::Result<()> {
                    loop {
                        let mut b = [0; size_of::<usize>()];
                        turn.read_exact(&mut b)?;
                        let place = usize::from_ne_bytes(b);
                        back.write_all(&(place + 1).to_ne_bytes())?;
                        match input.get(place) {
                            None => return Ok(()),
                            Some(&n) => to_main.write_all(&task(n).to_ne_bytes())?,
                        }
                    }
                };
                let mut run = run;
                std::process::exit(run().is_err() as i32);
            }
            ForkResult::Parent { child } => results.workers.push(child),
        }
    }
    Ok(results)
}

impl Results {
    fn wait_for_all(&mut self) {
        while let Some(pid) = self.workers.pop() {
            while let Err(Errno::EINTR) = waitpid(pid, None) {}
        }
    }
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.to_come == 0 {
            self.wait_for_all();
            return None;
        }
        let mut b = [0; 8];
        if let Err(e) = self.from_workers.read_exact(&mut b) {
            return Some(Err(e));
        }
        self.to_come -= 1;
        Some(Ok(i64::from_ne_bytes(b)))
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for pid in &self.workers {
            let _ = kill(*pid, Signal::SIGTERM);
        }
        self.wait_for_all();
    }
}
