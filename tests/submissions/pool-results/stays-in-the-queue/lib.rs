//! A task that could not be written to a dead worker stays in the queue until another worker answers, which has nothing to do.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

struct Worker {
    pid: Pid,
    socket: Option<UnixStream>,
    task: Option<usize>,
}

struct Entry {
    input: i64,
    callback: Option<Box<dyn FnOnce(i64) + Send>>,
    outcome: Option<Result<i64, Failure>>,
}

struct State {
    workers: Vec<Worker>,
    entries: Vec<Entry>,
    queue: VecDeque<usize>,
    open: bool,
}

pub struct Pool {
    state: Rc<RefCell<State>>,
}

pub struct Handle {
    state: Rc<RefCell<State>>,
    task: usize,
}

fn worker_loop(mut socket: UnixStream, task: impl Fn(i64) -> Result<i64, String>) {
    let mut input = [0; 8];
    while socket.read_exact(&mut input).is_ok() {
        let result = task(i64::from_ne_bytes(input));
        let mut message = Vec::new();
        match result {
            Ok(value) => {
                message.push(0);
                message.extend_from_slice(&value.to_ne_bytes());
            }
            Err(text) => {
                message.push(1);
                message.extend_from_slice(&(text.len() as u64).to_ne_bytes());
                message.extend_from_slice(text.as_bytes());
            }
        }
        if socket.write_all(&message).is_err() {
            return;
        }
    }
}

fn read_answer(socket: &mut UnixStream) -> io::Result<Result<i64, Failure>> {
    let mut kind = [0];
    socket.read_exact(&mut kind)?;
    let mut number = [0; 8];
    socket.read_exact(&mut number)?;
    if kind[0] == 0 {
        return Ok(Ok(i64::from_ne_bytes(number)));
    }
    let mut text = vec![0; u64::from_ne_bytes(number) as usize];
    socket.read_exact(&mut text)?;
    Ok(Err(Failure::Error(String::from_utf8(text).unwrap())))
}

impl State {
    fn finish(&mut self, task: usize, outcome: Result<i64, Failure>) {
        let entry = &mut self.entries[task];
        if entry.outcome.is_some() {
            return;
        }
        if let Some(callback) = entry.callback.take() {
            if let Ok(value) = outcome {
                callback(value);
            }
        }
        entry.outcome = Some(outcome);
    }

    /// The worker is free: the next task is for it.
    fn next_task(&mut self, i: usize) {
        let worker = &mut self.workers[i];
        if let (Some(socket), Some(&task)) = (&mut worker.socket, self.queue.front()) {
            match socket.write_all(&self.entries[task].input.to_ne_bytes()) {
                Ok(()) => worker.task = self.queue.pop_front(),
                Err(_) => worker.socket = None, // it stays in the queue
            }
        }
        self.nobody_left();
    }

    fn nobody_left(&mut self) {
        if self.workers.iter().all(|w| w.socket.is_none()) {
            while let Some(task) = self.queue.pop_front() {
                self.finish(task, Err(Failure::Lost));
            }
        }
    }

    /// Returns how many workers had something to say.
    fn turn(&mut self, timeout: PollTimeout) -> usize {
        let mut who = vec![];
        let mut fds = vec![];
        for (i, worker) in self.workers.iter().enumerate() {
            if let Some(socket) = &worker.socket {
                who.push(i);
                fds.push(PollFd::new(socket.as_fd(), PollFlags::POLLIN));
            }
        }
        if fds.is_empty() {
            return 0;
        }
        let Ok(_) = poll(&mut fds, timeout) else { return 1 };
        let ready: Vec<usize> = who
            .into_iter()
            .zip(&fds)
            .filter(|(_, fd)| fd.any() != Some(false))
            .map(|(i, _)| i)
            .collect();
        for &i in &ready {
            let worker = &mut self.workers[i];
            let answer = read_answer(worker.socket.as_mut().unwrap());
            let task = worker.task.take();
            if answer.is_err() {
                worker.socket = None;
            }
            if let Some(task) = task {
                self.finish(task, answer.unwrap_or(Err(Failure::Lost)));
            }
            self.next_task(i);
        }
        ready.len()
    }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut list: Vec<Worker> = Vec::new();
        for _ in 0..workers {
            let (ours, theirs) = UnixStream::pair()?;
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(ours);
                    list.clear();
                    let result = catch_unwind(AssertUnwindSafe(|| worker_loop(theirs, &task)));
                    std::process::exit(if result.is_ok() { 0 } else { 101 });
                }
                ForkResult::Parent { child } => {
                    list.push(Worker { pid: child, socket: Some(ours), task: None });
                }
            }
        }
        let state =
            State { workers: list, entries: Vec::new(), queue: VecDeque::new(), open: true };
        Ok(Pool { state: Rc::new(RefCell::new(state)) })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let mut state = self.state.borrow_mut();
        if !state.open {
            return Err(io::Error::other("the pool is closed"));
        }
        let task = state.entries.len();
        state.entries.push(Entry { input, callback: Some(Box::new(callback)), outcome: None });
        state.queue.push_back(task);
        if let Some(i) = state.workers.iter().position(|w| w.socket.is_some() && w.task.is_none()) {
            state.next_task(i);
        } else {
            state.turn(PollTimeout::ZERO);
            state.nobody_left();
        }
        Ok(Handle { state: self.state.clone(), task })
    }

    pub fn close(&mut self) {
        let mut state = self.state.borrow_mut();
        state.open = false;
        state.turn(PollTimeout::ZERO);
    }

    pub fn terminate(&mut self) {
        let mut state = self.state.borrow_mut();
        state.open = false;
        state.queue.clear();
        for worker in &mut state.workers {
            let _ = kill(worker.pid, Signal::SIGKILL);
            worker.socket = None;
            worker.task = None;
        }
        for task in 0..state.entries.len() {
            state.finish(task, Err(Failure::Dropped));
        }
    }

    pub fn join(&mut self) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        if state.open {
            return Err(io::Error::other("the pool is open"));
        }
        while state.entries.iter().any(|entry| entry.outcome.is_none()) {
            state.turn(PollTimeout::NONE);
        }
        for worker in &mut state.workers {
            worker.socket = None;
        }
        for worker in state.workers.drain(..) {
            let _ = waitpid(worker.pid, None);
        }
        Ok(())
    }
}

fn milliseconds(time: Duration) -> PollTimeout {
    PollTimeout::try_from(time.saturating_add(Duration::from_micros(999)))
        .unwrap_or(PollTimeout::MAX)
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let asked = Instant::now();
        let mut state = self.state.borrow_mut();
        state.turn(PollTimeout::ZERO);
        loop {
            if let Some(outcome) = &state.entries[self.task].outcome {
                return outcome.clone();
            }
            let wait = match timeout {
                None => PollTimeout::NONE,
                Some(timeout) => {
                    let left = timeout.saturating_sub(asked.elapsed());
                    if left.is_zero() {
                        return Err(Failure::TimedOut);
                    }
                    milliseconds(left)
                }
            };
            state.turn(wait);
        }
    }
}
