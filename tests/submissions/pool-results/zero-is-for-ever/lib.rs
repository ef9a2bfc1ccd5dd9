//! A pool that counts its timeouts in milliseconds, where 0 is none.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
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
    socket: UnixStream,
    task: Option<usize>,
    dead: bool,
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
    closed: bool,
}

pub struct Pool {
    state: Rc<RefCell<State>>,
    waited: bool,
}

pub struct Handle {
    state: Rc<RefCell<State>>,
    number: usize,
}

fn run_worker(mut socket: UnixStream, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<()> {
    let mut input = [0; 8];
    loop {
        socket.read_exact(&mut input)?;
        let message = match task(i64::from_le_bytes(input)) {
            Ok(value) => [&[1][..], &value.to_le_bytes()].concat(),
            Err(text) => [&[0][..], &(text.len() as i64).to_le_bytes(), text.as_bytes()].concat(),
        };
        socket.write_all(&message)?;
    }
}

fn receive(mut socket: &UnixStream) -> io::Result<Result<i64, String>> {
    let mut kind = [0];
    socket.read_exact(&mut kind)?;
    let mut word = [0; 8];
    socket.read_exact(&mut word)?;
    let word = i64::from_le_bytes(word);
    if kind[0] == 1 {
        return Ok(Ok(word));
    }
    let mut text = vec![0; word as usize];
    socket.read_exact(&mut text)?;
    Ok(Err(String::from_utf8(text).map_err(io::Error::other)?))
}

impl State {
    fn finish(&mut self, number: usize, outcome: Result<i64, Failure>) {
        let entry = &mut self.entries[number];
        if entry.outcome.is_some() {
            return;
        }
        if let (Ok(value), Some(callback)) = (&outcome, entry.callback.take()) {
            callback(*value);
        }
        entry.outcome = Some(outcome);
    }

    fn assign(&mut self) {
        for worker in &mut self.workers {
            if worker.dead || worker.task.is_some() {
                continue;
            }
            let Some(number) = self.queue.pop_front() else { break };
            // a failure is noticed when the socket is read
            let _ = worker.socket.write_all(&self.entries[number].input.to_le_bytes());
            worker.task = Some(number);
        }
        if self.workers.iter().all(|w| w.dead) {
            while let Some(number) = self.queue.pop_front() {
                self.finish(number, Err(Failure::Lost));
            }
        }
    }

    fn turn(&mut self, time: PollTimeout) {
        self.assign();
        let indices: Vec<usize> =
            (0..self.workers.len()).filter(|&i| !self.workers[i].dead).collect();
        let mut fds: Vec<PollFd> = indices
            .iter()
            .map(|&i| PollFd::new(self.workers[i].socket.as_fd(), PollFlags::POLLIN))
            .collect();
        match poll(&mut fds, time) {
            Ok(_) => {}
            Err(Errno::EINTR) => return,
            Err(e) => panic!("poll: {e}"),
        }
        let ready: Vec<usize> = indices
            .iter()
            .zip(&fds)
            .filter(|(_, fd)| fd.any() == Some(true))
            .map(|(&i, _)| i)
            .collect();
        for i in ready {
            let answer = receive(&self.workers[i].socket);
            let task = self.workers[i].task.take();
            match answer {
                Ok(result) => {
                    if let Some(number) = task {
                        self.finish(number, result.map_err(Failure::Error));
                    }
                }
                Err(_) => {
                    self.workers[i].dead = true;
                    if let Some(number) = task {
                        self.finish(number, Err(Failure::Lost));
                    }
                }
            }
        }
        self.assign();
    }

    fn busy(&self) -> bool {
        !self.queue.is_empty() || self.workers.iter().any(|w| w.task.is_some())
    }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut list: Vec<Worker> = Vec::new();
        for _ in 0..workers {
            let (parent_end, child_end) = UnixStream::pair()?;
            // SAFETY: the process has one thread.
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(list);
                    drop(parent_end);
                    let _ = run_worker(child_end, task);
                    std::process::exit(0);
                }
                ForkResult::Parent { child } => {
                    list.push(Worker { pid: child, socket: parent_end, task: None, dead: false });
                }
            }
        }
        let state =
            State { workers: list, entries: Vec::new(), queue: VecDeque::new(), closed: false };
        Ok(Pool { state: Rc::new(RefCell::new(state)), waited: false })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let mut state = self.state.borrow_mut();
        if state.closed {
            return Err(io::Error::other("the pool is closed"));
        }
        let number = state.entries.len();
        state.entries.push(Entry { input, callback: Some(Box::new(callback)), outcome: None });
        state.queue.push_back(number);
        state.turn(PollTimeout::ZERO);
        Ok(Handle { state: self.state.clone(), number })
    }

    pub fn close(&mut self) {
        self.state.borrow_mut().closed = true;
    }

    pub fn terminate(&mut self) {
        let mut state = self.state.borrow_mut();
        state.closed = true;
        if !self.waited {
            for worker in &mut state.workers {
                // zombies do not mind
                let _ = kill(worker.pid, Signal::SIGKILL);
                worker.task = None;
            }
        }
        state.queue.clear();
        for number in 0..state.entries.len() {
            state.finish(number, Err(Failure::Dropped));
        }
    }

    pub fn join(&mut self) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        if !state.closed {
            return Err(io::Error::other("close or terminate first"));
        }
        while state.busy() {
            state.turn(PollTimeout::NONE);
        }
        if !self.waited {
            self.waited = true;
            let pids: Vec<Pid> = state.workers.drain(..).map(|worker| worker.pid).collect();
            for pid in pids {
                while waitpid(pid, None) == Err(Errno::EINTR) {}
            }
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let mut state = self.state.borrow_mut();
        // 0: for ever
        let milliseconds = timeout.map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(0));
        let deadline = match milliseconds {
            0 => None,
            ms => Instant::now().checked_add(Duration::from_millis(ms)),
        };
        loop {
            if let Some(outcome) = &state.entries[self.number].outcome {
                return outcome.clone();
            }
            let Some(deadline) = deadline else {
                state.turn(PollTimeout::NONE);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let ms = left.as_micros().div_ceil(1000);
            state.turn(PollTimeout::try_from(ms).unwrap_or(PollTimeout::MAX));
            if state.entries[self.number].outcome.is_none() && Instant::now() >= deadline {
                return Err(Failure::TimedOut);
            }
        }
    }
}
