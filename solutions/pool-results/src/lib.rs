//! A pool whose results can be late, fail, be announced, or never come.
//!
//! Each worker has a socket of its own. The parent keeps the queue, sends a task to a worker that
//! is free, and so knows who does what: if a socket ends instead of answering, the task of
//! that worker is lost, and no other. All waiting is one `poll`, which takes a timeout.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The task was not done in time. It goes on, and may be asked for again.
    TimedOut,
    /// The task ended with this error.
    Error(String),
    /// The worker ended in the middle of the task, or no worker is left to do it.
    Lost,
    /// The pool was terminated before the task was done.
    Dropped,
}

/// Worker processes that wait for tasks. A process has one pool at a time.
pub struct Pool {
    office: Rc<RefCell<Office>>,
    open: bool,
}

/// The promise of one task's result.
pub struct Handle {
    task: usize,
    office: Rc<RefCell<Office>>,
}

/// All that the parent knows of workers and tasks.
struct Office {
    workers: Vec<Worker>,
    /// Workers whose socket has ended, to be waited for.
    gone: Vec<Pid>,
    waiting: VecDeque<(usize, i64)>,
    /// One for each task that was submitted.
    tasks: Vec<Task>,
}

struct Worker {
    pid: Pid,
    socket: UnixStream,
    busy_with: Option<usize>,
}

#[derive(Default)]
struct Task {
    outcome: Option<Result<i64, Failure>>,
    callback: Option<Box<dyn FnOnce(i64)>>,
}

impl Pool {
    /// Forks `workers` processes that do `task` with whatever is submitted.
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut hired: Vec<Worker> = Vec::new();
        for _ in 0..workers {
            let (socket, theirs) = UnixStream::pair()?;
            // SAFETY: the process has one thread, so the child may do whatever the parent may.
            match unsafe { fork() }? {
                ForkResult::Child => {
                    // Also the parent's ends of its elders' sockets: while a copy of one is
                    // open here, that worker cannot see that the parent has closed it.
                    drop((hired, socket));
                    exit(i32::from(serve(theirs, task).is_err()))
                }
                ForkResult::Parent { child } => {
                    hired.push(Worker { pid: child, socket, busy_with: None });
                }
            }
        }
        let office =
            Office { workers: hired, gone: vec![], waiting: VecDeque::new(), tasks: vec![] };
        Ok(Pool { office: Rc::new(RefCell::new(office)), open: true })
    }

    /// Hands a task over and returns at once. Two tasks may have the same input.
    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        if !self.open {
            return Err(io::Error::other("the pool takes nothing in any more"));
        }
        let mut office = self.office.borrow_mut();
        let task = office.tasks.len();
        office.tasks.push(Task { outcome: None, callback: Some(Box::new(callback)) });
        office.waiting.push_back((task, input));
        office.turn(Some(Duration::ZERO));
        Ok(Handle { task, office: Rc::clone(&self.office) })
    }

    /// Says that no task will follow.
    pub fn close(&mut self) {
        self.open = false;
    }

    /// Ends every worker at once, and drops what is not done.
    pub fn terminate(&mut self) {
        self.open = false;
        let mut office = self.office.borrow_mut();
        for worker in std::mem::take(&mut office.workers) {
            // A worker in the middle of a task reads nothing, but a signal reaches it. It has not
            // been waited for, so the number is still its own.
            let _ = kill(worker.pid, Signal::SIGKILL);
            office.gone.push(worker.pid);
        }
        office.waiting.clear();
        for task in &mut office.tasks {
            task.outcome.get_or_insert(Err(Failure::Dropped));
        }
    }

    /// Waits until every task is done or has failed, and every worker has ended.
    ///
    /// An error, at once, unless the pool was closed or terminated before. It is none that workers
    /// have died.
    pub fn join(&mut self) -> io::Result<()> {
        if self.open {
            return Err(io::Error::other("close or terminate the pool before joining it"));
        }
        let mut office = self.office.borrow_mut();
        while office.tasks.iter().any(|task| task.outcome.is_none()) {
            office.turn(None);
        }
        for worker in std::mem::take(&mut office.workers) {
            office.gone.push(worker.pid);
            // The socket closes here, and the worker finds its end.
        }
        for pid in office.gone.drain(..) {
            waitpid(pid, None)?;
        }
        Ok(())
    }
}

impl Handle {
    /// The result of this task, as soon as it is there.
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        // From one deadline, since the wait may be interrupted by answers to others.
        // One too far off for the clock never comes.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut office = self.office.borrow_mut();
        loop {
            if let Some(outcome) = &office.tasks[self.task].outcome {
                return outcome.clone();
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            // Also if no time is left: the answer may lie in the socket.
            office.turn(left);
            if left == Some(Duration::ZERO) {
                let outcome = &office.tasks[self.task].outcome;
                return outcome.clone().unwrap_or(Err(Failure::TimedOut));
            }
        }
    }
}

impl Office {
    /// Takes the answers that come within `time`, and gives out what waits.
    fn turn(&mut self, time: Option<Duration>) {
        for worker in self.ready(time).into_iter().rev() {
            let Worker { socket, busy_with, .. } = &mut self.workers[worker];
            match receive(socket) {
                Ok(outcome) => {
                    let task = busy_with.take().expect("a worker speaks only when it was asked");
                    self.settle(task, outcome.map_err(Failure::Error));
                }
                Err(_) => self.bury(worker),
            }
        }
        self.give_out();
    }

    /// The places of the workers whose sockets have an answer or an end, in order.
    fn ready(&self, time: Option<Duration>) -> Vec<usize> {
        let sockets = self.workers.iter().map(|worker| worker.socket.as_fd());
        let mut polled: Vec<_> =
            sockets.map(|socket| PollFd::new(socket, PollFlags::POLLIN)).collect();
        // Milliseconds, rounded up: else the last one would be waited for by spinning.
        let time = time.map_or(PollTimeout::NONE, |time| {
            PollTimeout::try_from(time.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut polled, time) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => panic!("cannot poll the sockets of the workers: {error}"),
        }
        let ready = polled.iter().enumerate().filter(|(_, socket)| socket.any() == Some(true));
        ready.map(|(worker, _)| worker).collect()
    }

    fn give_out(&mut self) {
        while let Some(worker) = self.workers.iter().position(|it| it.busy_with.is_none()) {
            let Some(&(task, input)) = self.waiting.front() else { return };
            match self.workers[worker].socket.write_all(&input.to_ne_bytes()) {
                Ok(()) => {
                    self.workers[worker].busy_with = Some(task);
                    self.waiting.pop_front();
                }
                // It died while it had nothing to do: the task goes to another.
                Err(_) => self.bury(worker),
            }
        }
        if self.workers.is_empty() {
            for (task, _) in std::mem::take(&mut self.waiting) {
                self.settle(task, Err(Failure::Lost));
            }
        }
    }

    fn bury(&mut self, worker: usize) {
        let worker = self.workers.swap_remove(worker);
        self.gone.push(worker.pid);
        if let Some(task) = worker.busy_with {
            self.settle(task, Err(Failure::Lost));
        }
    }

    fn settle(&mut self, task: usize, outcome: Result<i64, Failure>) {
        let task = &mut self.tasks[task];
        let callback = task.callback.take();
        if let (Ok(value), Some(callback)) = (&outcome, callback) {
            callback(*value);
        }
        task.outcome = Some(outcome);
    }
}

/// What a worker does until its socket ends.
fn serve(mut socket: UnixStream, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<()> {
    let mut input = [0; 8];
    while socket.read_exact(&mut input).is_ok() {
        send(&mut socket, &task(i64::from_ne_bytes(input)))?;
    }
    Ok(())
}

/// One byte says which: a result follows in 8 bytes, or an error as its length and text.
fn send(socket: &mut UnixStream, outcome: &Result<i64, String>) -> io::Result<()> {
    let mut message = vec![u8::from(outcome.is_err())];
    match outcome {
        Ok(value) => message.extend(value.to_ne_bytes()),
        Err(text) => {
            message.extend((text.len() as i64).to_ne_bytes());
            message.extend(text.as_bytes());
        }
    }
    socket.write_all(&message)
}

fn receive(socket: &mut UnixStream) -> io::Result<Result<i64, String>> {
    let (mut kind, mut number) = ([0], [0; 8]);
    socket.read_exact(&mut kind)?;
    socket.read_exact(&mut number)?;
    let number = i64::from_ne_bytes(number);
    if kind == [0] {
        return Ok(Ok(number));
    }
    let mut text = vec![0; number as usize];
    socket.read_exact(&mut text)?;
    Ok(Err(String::from_utf8_lossy(&text).into_owned()))
}
