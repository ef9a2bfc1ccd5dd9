//! The first get takes the text of the error along.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
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

type Outcome = Result<i64, Failure>;
struct Worker {
    pid: Pid,
    to: Option<PipeWriter>,
    from: BufReader<PipeReader>,
    task: Option<usize>,
    alive: bool,
}
struct Job {
    input: i64,
    callback: Option<Box<dyn FnOnce(i64) + Send>>,
    outcome: Option<Outcome>,
}
struct Inner {
    workers: Vec<Worker>,
    jobs: Vec<Job>,
    waiting: VecDeque<usize>,
    closed: bool,
}
pub struct Pool {
    inner: Rc<RefCell<Inner>>,
}
pub struct Handle {
    number: usize,
    inner: Rc<RefCell<Inner>>,
}

/// A worker speaks in lines: `ok VALUE`, or `err LENGTH` and then so many bytes of text.
fn work(
    input: PipeReader,
    mut output: PipeWriter,
    task: impl Fn(i64) -> Result<i64, String>,
) -> io::Result<()> {
    for line in BufReader::new(input).lines() {
        let input: i64 = line?.parse().map_err(io::Error::other)?;
        let answer = match task(input) {
            Ok(value) => format!("ok {value}\n"),
            Err(text) => format!("err {}\n{text}", text.len()),
        };
        output.write_all(answer.as_bytes())?;
    }
    Ok(())
}
/// None if the worker ended before it had told everything.
fn hear(from: &mut BufReader<PipeReader>) -> Option<Outcome> {
    let mut line = String::new();
    from.read_line(&mut line).ok()?;
    let (word, number) = line.strip_suffix('\n')?.split_once(' ')?;
    if word == "ok" {
        return Some(Ok(number.parse().ok()?));
    }
    let mut text = vec![0; number.parse().ok()?];
    from.read_exact(&mut text).ok()?;
    Some(Err(Failure::Error(String::from_utf8(text).ok()?)))
}

impl Inner {
    fn settle(&mut self, number: usize, outcome: Outcome) {
        let job = &mut self.jobs[number];
        if job.outcome.is_some() {
            return;
        }
        let callback = job.callback.take();
        if let (Ok(value), Some(callback)) = (&outcome, callback) {
            callback(*value);
        }
        job.outcome = Some(outcome);
    }
    fn give(&mut self) {
        for worker in &mut self.workers {
            if !worker.alive || worker.task.is_some() {
                continue;
            }
            let Some(&number) = self.waiting.front() else { break };
            let line = format!("{}\n", self.jobs[number].input);
            match worker.to.as_mut().unwrap().write_all(line.as_bytes()) {
                Ok(()) => {
                    worker.task = Some(number);
                    self.waiting.pop_front();
                }
                Err(_) => worker.alive = false,
            }
        }
        if self.workers.iter().all(|w| !w.alive) {
            while let Some(number) = self.waiting.pop_front() {
                self.settle(number, Err(Failure::Lost));
            }
        }
    }
    /// Sleeps until some busy worker has something to say, or the time is over.
    fn turn(&mut self, time: Option<Duration>) {
        self.give();
        let busy: Vec<usize> =
            (0..self.workers.len()).filter(|&w| self.workers[w].task.is_some()).collect();
        if busy.is_empty() {
            return;
        }
        let timeout = match time {
            None => PollTimeout::NONE,
            Some(time) => {
                let ms = time.as_nanos().div_ceil(1_000_000);
                PollTimeout::from(u16::try_from(ms).unwrap_or(u16::MAX))
            }
        };
        let mut fds: Vec<_> = busy
            .iter()
            .map(|&w| PollFd::new(self.workers[w].from.get_ref().as_fd(), PollFlags::POLLIN))
            .collect();
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => panic!("poll: {error}"),
        }
        let ready: Vec<usize> = busy
            .iter()
            .zip(&fds)
            .filter(|(_, fd)| fd.any() == Some(true))
            .map(|(&w, _)| w)
            .collect();
        for w in ready {
            let worker = &mut self.workers[w];
            let number = worker.task.take().unwrap();
            let outcome = hear(&mut worker.from).unwrap_or_else(|| {
                worker.alive = false;
                Err(Failure::Lost)
            });
            self.settle(number, outcome);
        }
        self.give();
    }
}
impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut all: Vec<Worker> = Vec::new();
        for _ in 0..workers {
            let (theirs, to) = io::pipe()?;
            let (from, back) = io::pipe()?;
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop((all, to, from));
                    let done = work(theirs, back, task);
                    std::process::exit(done.is_err().into())
                }
                ForkResult::Parent { child } => all.push(Worker {
                    pid: child,
                    to: Some(to),
                    from: BufReader::new(from),
                    task: None,
                    alive: true,
                }),
            }
        }
        let inner =
            Inner { workers: all, jobs: Vec::new(), waiting: VecDeque::new(), closed: false };
        Ok(Pool { inner: Rc::new(RefCell::new(inner)) })
    }
    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let mut inner = self.inner.borrow_mut();
        if inner.closed {
            return Err(io::Error::other("the pool takes nothing in any more"));
        }
        let number = inner.jobs.len();
        inner.jobs.push(Job { input, callback: Some(Box::new(callback)), outcome: None });
        inner.waiting.push_back(number);
        inner.turn(Some(Duration::ZERO));
        Ok(Handle { number, inner: self.inner.clone() })
    }
    pub fn close(&mut self) {
        self.inner.borrow_mut().closed = true;
    }
    pub fn terminate(&mut self) {
        let inner = &mut *self.inner.borrow_mut();
        inner.closed = true;
        for worker in inner.workers.iter_mut() {
            let _ = kill(worker.pid, Signal::SIGKILL);
            worker.alive = false;
            worker.task = None;
        }
        inner.waiting.clear();
        for job in &mut inner.jobs {
            job.outcome.get_or_insert(Err(Failure::Dropped));
        }
    }
    pub fn join(&mut self) -> io::Result<()> {
        let inner = &mut *self.inner.borrow_mut();
        if !inner.closed {
            return Err(io::Error::other("join of an open pool"));
        }
        while inner.jobs.iter().any(|job| job.outcome.is_none()) {
            inner.turn(None);
        }
        for mut worker in inner.workers.drain(..) {
            drop(worker.to.take());
            waitpid(worker.pid, None)?;
        }
        Ok(())
    }
}
impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let deadline = timeout.and_then(|time| Instant::now().checked_add(time));
        let inner = &mut *self.inner.borrow_mut();
        loop {
            if let Some(outcome) = &mut inner.jobs[self.number].outcome {
                return match outcome {
                    Err(Failure::Error(text)) => Err(Failure::Error(std::mem::take(text))),
                    other => other.clone(),
                };
            }
            let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Err(Failure::TimedOut);
            }
            inner.turn(left);
        }
    }
}
