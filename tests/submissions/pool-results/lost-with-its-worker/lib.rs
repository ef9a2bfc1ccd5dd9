//! A pool with one pipe for all tasks and one for all results.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::process::exit;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    TimedOut,
    Error(String),
    Lost,
    Dropped,
}

pub struct Pool {
    tasks: Option<PipeWriter>,
    shared: Rc<RefCell<Shared>>,
    workers: Vec<Pid>,
    submitted: usize,
}

pub struct Handle {
    number: usize,
    shared: Rc<RefCell<Shared>>,
}

struct Shared {
    results: PipeReader,
    outcomes: HashMap<usize, Result<i64, Failure>>,
    callbacks: HashMap<usize, Box<dyn FnOnce(i64)>>,
    terminated: bool,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let (tasks_rx, tasks_tx) = io::pipe()?;
        let (results_rx, results_tx) = io::pipe()?;
        let turn = io::pipe()?;
        (&turn.1).write_all(&[0])?;
        let mut pids = Vec::new();
        for _ in 0..workers {
            // SAFETY: this process has a single thread.
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(tasks_tx);
                    exit(i32::from(work(&tasks_rx, &results_tx, &turn, task).is_err()))
                }
                ForkResult::Parent { child } => pids.push(child),
            }
        }
        let shared = Shared {
            results: results_rx,
            outcomes: HashMap::new(),
            callbacks: HashMap::new(),
            terminated: false,
        };
        let shared = Rc::new(RefCell::new(shared));
        Ok(Pool { tasks: Some(tasks_tx), shared, workers: pids, submitted: 0 })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let Some(mut tasks) = self.tasks.as_ref() else {
            return Err(io::Error::other("closed"));
        };
        let number = self.submitted;
        self.submitted += 1;
        self.shared.borrow_mut().callbacks.insert(number, Box::new(callback));
        tasks.write_all(&[(number as i64).to_ne_bytes(), input.to_ne_bytes()].concat())?;
        Ok(Handle { number, shared: Rc::clone(&self.shared) })
    }

    pub fn close(&mut self) {
        self.tasks = None;
    }

    pub fn terminate(&mut self) {
        self.tasks = None;
        self.shared.borrow_mut().terminated = true;
        for &pid in &self.workers {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }

    pub fn join(&mut self) -> io::Result<()> {
        if self.tasks.is_some() {
            return Err(io::Error::other("the pool is open"));
        }
        while self.shared.borrow_mut().receive().is_ok() {}
        for pid in self.workers.drain(..) {
            waitpid(pid, None)?;
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut shared = self.shared.borrow_mut();
        loop {
            if let Some(outcome) = shared.outcomes.get(&self.number) {
                return outcome.clone();
            }
            if shared.terminated {
                return Err(Failure::Dropped);
            }
            if let Some(deadline) = deadline {
                let left = deadline.saturating_duration_since(Instant::now());
                let left = PollTimeout::try_from(left.as_micros().div_ceil(1000))
                    .unwrap_or(PollTimeout::MAX);
                let mut polled = [PollFd::new(shared.results.as_fd(), PollFlags::POLLIN)];
                if poll(&mut polled, left).unwrap() == 0 {
                    return Err(Failure::TimedOut);
                }
            }
            if shared.receive().is_err() {
                return Err(Failure::Lost);
            }
        }
    }
}

impl Shared {
    fn receive(&mut self) -> io::Result<()> {
        let mut head = [0; 24];
        self.results.read_exact(&mut head)?;
        let (words, _) = head.as_chunks();
        let [number, kind, value] = [0, 1, 2].map(|word| i64::from_ne_bytes(words[word]));
        let outcome = if kind == 0 {
            Ok(value)
        } else {
            let mut text = vec![0; value as usize];
            self.results.read_exact(&mut text)?;
            Err(Failure::Error(String::from_utf8_lossy(&text).into_owned()))
        };
        if let (Ok(value), Some(callback)) = (&outcome, self.callbacks.remove(&(number as usize))) {
            callback(*value);
        }
        self.outcomes.insert(number as usize, outcome);
        Ok(())
    }
}

fn work(
    mut tasks: &PipeReader,
    mut results: &PipeWriter,
    turn: &(PipeReader, PipeWriter),
    task: impl Fn(i64) -> Result<i64, String>,
) -> io::Result<()> {
    let mut message = [0; 16];
    while tasks.read_exact(&mut message).is_ok() {
        let (words, _) = message.as_chunks::<8>();
        let mut answer = words[0].to_vec();
        match task(i64::from_ne_bytes(words[1])) {
            Ok(value) => {
                answer.extend(0_i64.to_ne_bytes());
                answer.extend(value.to_ne_bytes());
            }
            Err(text) => {
                answer.extend(1_i64.to_ne_bytes());
                answer.extend((text.len() as i64).to_ne_bytes());
                answer.extend(text.as_bytes());
            }
        }
        // Long answers go in several pieces, so one worker at a time.
        (&turn.0).read_exact(&mut [0])?;
        results.write_all(&answer)?;
        (&turn.1).write_all(&[0])?;
    }
    Ok(())
}
