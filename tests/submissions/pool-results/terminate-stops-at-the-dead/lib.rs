//! The dead are waited for at once, and terminate stops at the first that cannot be killed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
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

type Callback = Box<dyn FnOnce(i64) + Send>;

struct Worker {
    pid: Pid,
    line: UnixStream,
    task: Option<usize>,
    alive: bool,
}

struct Task {
    input: i64,
    callback: Option<Callback>,
    outcome: Option<Result<i64, Failure>>,
}

struct State {
    workers: Vec<Worker>,
    tasks: Vec<Task>,
    queue: VecDeque<usize>,
    closed: bool,
}

fn receive(line: &mut UnixStream) -> io::Result<Result<i64, String>> {
    let mut head = [0; 9];
    line.read_exact(&mut head)?;
    let word: [u8; 8] = head[1..].try_into().unwrap();
    if head[0] == 0 {
        return Ok(Ok(i64::from_ne_bytes(word)));
    }
    let mut text = vec![0; u64::from_ne_bytes(word) as usize];
    line.read_exact(&mut text)?;
    Ok(Err(String::from_utf8(text).map_err(io::Error::other)?))
}

fn answer(line: &mut UnixStream, result: Result<i64, String>) -> io::Result<()> {
    let mut message = Vec::new();
    match result {
        Ok(value) => {
            message.push(0);
            message.extend(value.to_ne_bytes());
        }
        Err(text) => {
            message.push(1);
            message.extend((text.len() as u64).to_ne_bytes());
            message.extend(text.as_bytes());
        }
    }
    line.write_all(&message)
}

impl State {
    fn finish(&mut self, task: usize, outcome: Result<i64, Failure>) {
        let task = &mut self.tasks[task];
        if let Ok(value) = outcome {
            if let Some(callback) = task.callback.take() {
                callback(value);
            }
        }
        task.outcome = Some(outcome);
    }

    fn give_out(&mut self) {
        for worker in &mut self.workers {
            if !worker.alive || worker.task.is_some() {
                continue;
            }
            let Some(&task) = self.queue.front() else { break };
            if worker.line.write_all(&self.tasks[task].input.to_ne_bytes()).is_err() {
                worker.alive = false;
                continue;
            }
            self.queue.pop_front();
            worker.task = Some(task);
        }
        if self.workers.iter().all(|w| !w.alive) {
            while let Some(task) = self.queue.pop_front() {
                self.finish(task, Err(Failure::Lost));
            }
        }
    }

    fn worker_died(&mut self, i: usize) {
        self.workers[i].alive = false;
        let _ = waitpid(self.workers[i].pid, None);
        if let Some(task) = self.workers[i].task.take() {
            self.finish(task, Err(Failure::Lost));
        }
    }

    /// How many workers had something to say.
    fn turn(&mut self, time: PollTimeout) -> usize {
        self.give_out();
        let who: Vec<usize> = (0..self.workers.len()).filter(|&i| self.workers[i].alive).collect();
        if who.is_empty() {
            return 0;
        }
        let ready: Vec<usize> = {
            let fd = |&i: &usize| PollFd::new(self.workers[i].line.as_fd(), PollFlags::POLLIN);
            let mut fds: Vec<PollFd> = who.iter().map(fd).collect();
            if poll(&mut fds, time).is_err() {
                return 1;
            }
            (0..who.len()).filter(|&k| fds[k].any() == Some(true)).map(|k| who[k]).collect()
        };
        for &i in &ready {
            match receive(&mut self.workers[i].line) {
                Ok(result) => {
                    if let Some(task) = self.workers[i].task.take() {
                        self.finish(task, result.map_err(Failure::Error));
                    }
                }
                Err(_) => self.worker_died(i),
            }
        }
        self.give_out();
        ready.len()
    }
}

pub struct Pool {
    state: Rc<RefCell<State>>,
}

pub struct Handle {
    state: Rc<RefCell<State>>,
    task: usize,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut crew: Vec<Worker> = Vec::new();
        for _ in 0..workers {
            let (ours, mut theirs) = UnixStream::pair()?;
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(ours);
                    drop(crew);
                    let mut input = [0; 8];
                    while theirs.read_exact(&mut input).is_ok() {
                        if answer(&mut theirs, task(i64::from_ne_bytes(input))).is_err() {
                            break;
                        }
                    }
                    std::process::exit(0);
                }
                ForkResult::Parent { child } => {
                    crew.push(Worker { pid: child, line: ours, task: None, alive: true });
                }
            }
        }
        let state =
            State { workers: crew, tasks: Vec::new(), queue: VecDeque::new(), closed: false };
        Ok(Pool { state: Rc::new(RefCell::new(state)) })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let mut state = self.state.borrow_mut();
        if state.closed {
            return Err(io::Error::other("closed"));
        }
        let task = state.tasks.len();
        state.tasks.push(Task { input, callback: Some(Box::new(callback)), outcome: None });
        state.queue.push_back(task);
        state.turn(PollTimeout::ZERO);
        Ok(Handle { state: self.state.clone(), task })
    }

    pub fn close(&mut self) {
        self.state.borrow_mut().closed = true;
    }

    pub fn terminate(&mut self) {
        let mut state = self.state.borrow_mut();
        state.closed = true;
        for worker in &state.workers {
            if kill(worker.pid, Signal::SIGKILL).is_err() {
                break;
            }
        }
        for worker in &mut state.workers {
            worker.alive = false;
            worker.task = None;
        }
        state.queue.clear();
        for task in &mut state.tasks {
            if task.outcome.is_none() {
                task.outcome = Some(Err(Failure::Dropped));
            }
        }
    }

    pub fn join(&mut self) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        if !state.closed {
            return Err(io::Error::other("close it first"));
        }
        while state.tasks.iter().any(|t| t.outcome.is_none()) {
            state.turn(PollTimeout::NONE);
        }
        let pids: Vec<Pid> = state.workers.drain(..).map(|w| w.pid).collect();
        for pid in pids {
            let _ = waitpid(pid, None);
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let mut state = self.state.borrow_mut();
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
        loop {
            if let Some(outcome) = &state.tasks[self.task].outcome {
                return outcome.clone();
            }
            let Some(deadline) = deadline else {
                state.turn(PollTimeout::NONE);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let millis = left.as_nanos().div_ceil(1_000_000);
            let heard = state.turn(PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX));
            if heard == 0 && left.is_zero() {
                return match &state.tasks[self.task].outcome {
                    Some(outcome) => outcome.clone(),
                    None => Err(Failure::TimedOut),
                };
            }
        }
    }
}
