//! A parallel map that hands out each result as soon as it is there.
//!
//! The workers have the input already, by the fork. What they share is a pipe with one
//! number in it, the place of whoever is next, and a pipe that the results go home by.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::exit;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// The results of a parallel map, in the order in which they are done.
pub struct Results {
    pipe: PipeReader,
    /// How many results have not been handed out yet.
    left: usize,
    /// Those that have not been waited for.
    workers: Vec<Pid>,
}

/// Applies `task` to every number of `input` in `workers` processes, and returns at once.
pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let next = Ticket::new()?;
    let (pipe, home) = io::pipe()?;
    // Made before the forks, so that those that came about are ended if one fails.
    let mut results = Results { pipe, left: input.len(), workers: Vec::new() };
    for _ in 0..workers {
        // SAFETY: the process has one thread, so the child may do whatever the parent may.
        match unsafe { fork() }? {
            ForkResult::Child => exit(i32::from(work(&next, input, task, &home).is_err())),
            ForkResult::Parent { child } => results.workers.push(child),
        }
    }
    // The parent's copy of `home` closes here. When the workers are gone, the pipe ends.
    Ok(results)
}

/// What a worker does: draw a place, do it, send the result home.
fn work(
    next: &Ticket,
    input: &[i64],
    task: impl Fn(i64) -> i64,
    mut home: &PipeWriter,
) -> io::Result<()> {
    while let Some(&number) = input.get(next.draw()?) {
        // Eight bytes in one write, which the writes of others do not tear. A full pipe makes
        // the worker sleep until the reader has caught up.
        home.write_all(&task(number).to_ne_bytes())?;
    }
    Ok(())
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<io::Result<i64>> {
        if self.left == 0 {
            return self.reap().err().map(Err);
        }
        self.left -= 1;
        let mut result = [0; 8];
        match self.pipe.read_exact(&mut result) {
            Ok(()) => Some(Ok(i64::from_ne_bytes(result))),
            Err(error) => {
                // The workers are gone before the results are complete: no more will come.
                self.left = 0;
                Some(Err(error))
            }
        }
    }
}

impl Results {
    fn reap(&mut self) -> io::Result<()> {
        for worker in self.workers.drain(..) {
            // A signal that is handled breaks the call off, and no more.
            while let Err(error) = waitpid(worker, None) {
                if error != Errno::EINTR {
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for &worker in &self.workers {
            // They cannot be asked: one may be in a task that lasts for ever. No pid is
            // another's by now, since none of these has been waited for.
            let _ = kill(worker, Signal::SIGKILL);
        }
        let _ = self.reap();
    }
}

/// The place of whoever is next, in a pipe that all workers read from and write to.
///
/// Taking it out is the lock: until the number after it is written back, nobody else draws.
struct Ticket {
    out: PipeReader,
    back: PipeWriter,
}

impl Ticket {
    fn new() -> io::Result<Ticket> {
        let (out, mut back) = io::pipe()?;
        back.write_all(&0_usize.to_ne_bytes())?;
        Ok(Ticket { out, back })
    }

    fn draw(&self) -> io::Result<usize> {
        let mut place = 0_usize.to_ne_bytes();
        (&self.out).read_exact(&mut place)?;
        let place = usize::from_ne_bytes(place);
        (&self.back).write_all(&(place + 1).to_ne_bytes())?;
        Ok(place)
    }
}
