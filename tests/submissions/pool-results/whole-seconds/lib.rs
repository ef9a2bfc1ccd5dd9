//! A pool that reckons in whole seconds.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
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

type Callback = Box<dyn FnOnce(i64) + Send>;

struct Worker {
    socket: UnixStream,
    task: Option<u64>,
}

struct State {
    workers: Vec<Option<Worker>>,
    queue: VecDeque<(u64, i64)>,
    callbacks: HashMap<u64, Callback>,
    outcomes: HashMap<u64, Result<i64, Failure>>,
}

impl State {
    fn lose(&mut self, w: usize) {
        if let Some(Worker { task: Some(id), .. }) = self.workers[w].take() {
            self.settle(id, Err(Failure::Lost));
        }
    }

    fn settle(&mut self, id: u64, outcome: Result<i64, Failure>) {
        if let Some(callback) = self.callbacks.remove(&id) {
            if let Ok(v) = outcome {
                callback(v);
            }
        }
        self.outcomes.insert(id, outcome);
    }

    fn distribute(&mut self) {
        for w in 0..self.workers.len() {
            let Some(worker) = &mut self.workers[w] else { continue };
            if worker.task.is_some() {
                continue;
            }
            let Some(&(id, input)) = self.queue.front() else { return };
            if worker.socket.write_all(&input.to_ne_bytes()).is_ok() {
                worker.task = Some(id);
                self.queue.pop_front();
            } else {
                self.workers[w] = None;
            }
        }
        if self.workers.iter().all(Option::is_none) {
            while let Some((id, _)) = self.queue.pop_front() {
                self.settle(id, Err(Failure::Lost));
            }
        }
    }

    fn turn(&mut self, time: PollTimeout) -> io::Result<()> {
        self.distribute();
        let places: Vec<usize> =
            (0..self.workers.len()).filter(|&w| self.workers[w].is_some()).collect();
        if places.is_empty() {
            return Ok(());
        }
        let ready: Vec<bool> = {
            let mut fds: Vec<_> = places
                .iter()
                .map(|&w| {
                    let s = &self.workers[w].as_ref().unwrap().socket;
                    PollFd::new(s.as_fd(), PollFlags::POLLIN)
                })
                .collect();
            match poll(&mut fds, time) {
                Err(Errno::EINTR) => return Ok(()),
                Err(e) => return Err(e.into()),
                Ok(_) => fds.iter().map(|f| f.any() == Some(true)).collect(),
            }
        };
        for (w, _) in places.into_iter().zip(ready).filter(|(_, r)| *r) {
            let worker = self.workers[w].as_mut().unwrap();
            match receive(&mut worker.socket) {
                Ok(answer) => {
                    if let Some(id) = worker.task.take() {
                        self.settle(id, answer.map_err(Failure::Error));
                    }
                }
                Err(_) => self.lose(w),
            }
        }
        self.distribute();
        Ok(())
    }
}

fn receive(s: &mut UnixStream) -> io::Result<Result<i64, String>> {
    let mut head = [0; 16];
    s.read_exact(&mut head)?;
    let a = i64::from_ne_bytes(head[..8].try_into().unwrap());
    let b = i64::from_ne_bytes(head[8..].try_into().unwrap());
    if a < 0 {
        return Ok(Ok(b));
    }
    let mut text = vec![0; a as usize];
    s.read_exact(&mut text)?;
    Ok(Err(String::from_utf8(text).map_err(io::Error::other)?))
}

fn send(s: &mut UnixStream, answer: Result<i64, String>) -> io::Result<()> {
    let (a, b, text) = match answer {
        Ok(v) => (-1, v, String::new()),
        Err(text) => (text.len() as i64, 0, text),
    };
    s.write_all(&a.to_ne_bytes())?;
    s.write_all(&b.to_ne_bytes())?;
    s.write_all(text.as_bytes())
}

pub struct Pool {
    state: Rc<RefCell<State>>,
    pids: Vec<Pid>,
    next: u64,
    open: bool,
}

pub struct Handle {
    state: Rc<RefCell<State>>,
    id: u64,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut list: Vec<Option<Worker>> = vec![];
        let mut pids = vec![];
        for _ in 0..workers {
            let (socket, mut far) = UnixStream::pair()?;
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(socket);
                    list.clear();
                    let mut b = [0; 8];
                    while far.read_exact(&mut b).is_ok() {
                        if send(&mut far, task(i64::from_ne_bytes(b))).is_err() {
                            break;
                        }
                    }
                    std::process::exit(0)
                }
                ForkResult::Parent { child } => {
                    pids.push(child);
                    list.push(Some(Worker { socket, task: None }));
                }
            }
        }
        let state = State {
            workers: list,
            queue: VecDeque::new(),
            callbacks: HashMap::new(),
            outcomes: HashMap::new(),
        };
        Ok(Pool { state: Rc::new(RefCell::new(state)), pids, next: 0, open: true })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        if !self.open {
            return Err(io::Error::other("closed"));
        }
        let id = self.next;
        self.next += 1;
        let mut state = self.state.borrow_mut();
        state.callbacks.insert(id, Box::new(callback));
        state.queue.push_back((id, input));
        state.turn(PollTimeout::ZERO)?;
        Ok(Handle { state: self.state.clone(), id })
    }

    pub fn close(&mut self) {
        self.open = false;
    }

    pub fn terminate(&mut self) {
        self.open = false;
        for pid in &self.pids {
            let _ = kill(*pid, Signal::SIGKILL);
        }
        let mut state = self.state.borrow_mut();
        state.queue.clear();
        state.workers.clear();
        for (id, _) in std::mem::take(&mut state.callbacks) {
            state.outcomes.insert(id, Err(Failure::Dropped));
        }
    }

    pub fn join(&mut self) -> io::Result<()> {
        if self.open {
            return Err(io::Error::other("still open"));
        }
        let mut state = self.state.borrow_mut();
        while !state.callbacks.is_empty() {
            state.turn(PollTimeout::NONE)?;
        }
        state.workers.clear();
        for pid in self.pids.drain(..) {
            while waitpid(pid, None) == Err(Errno::EINTR) {}
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let start = Instant::now();
        let seconds = timeout.map(|t| t.as_secs());
        loop {
            let mut state = self.state.borrow_mut();
            if let Some(outcome) = state.outcomes.get(&self.id) {
                return outcome.clone();
            }
            let time = match seconds {
                None => PollTimeout::NONE,
                Some(s) => {
                    let left = Duration::from_secs(s).saturating_sub(start.elapsed());
                    if left.is_zero() {
                        return Err(Failure::TimedOut);
                    }
                    let left = left + Duration::from_millis(1);
                    PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
                }
            };
            if state.turn(time).is_err() {
                return Err(Failure::Lost);
            }
        }
    }
}
