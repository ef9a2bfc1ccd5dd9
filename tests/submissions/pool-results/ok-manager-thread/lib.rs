//! One thread owns everything and polls; commands come by a channel and a bell, and each handle has a channel of its own.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

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

type Answer = Result<i64, Failure>;

struct Job {
    input: i64,
    callback: Box<dyn FnOnce(i64) + Send>,
    answer: Sender<Answer>,
}

enum Command {
    Do(Job),
    /// Close, or terminate: end when nothing is left to do.
    NoMore,
}

pub struct Pool {
    commands: Sender<Command>,
    bell: UnixStream,
    manager: Option<JoinHandle<()>>,
    workers: Vec<Pid>,
    open: bool,
    terminated: Arc<AtomicBool>,
}

pub struct Handle {
    mail: Receiver<Answer>,
    read: RefCell<Option<Answer>>,
}

struct Worker {
    line: UnixStream,
    job: Option<Job>,
}

struct Manager {
    commands: Receiver<Command>,
    bell: UnixStream,
    workers: Vec<Worker>,
    queue: VecDeque<Job>,
    open: bool,
    terminated: Arc<AtomicBool>,
}

impl Job {
    fn end(self, answer: Answer) {
        if let Ok(value) = answer {
            (self.callback)(value);
        }
        // the handle may have been dropped
        let _ = self.answer.send(answer);
    }
}

impl Manager {
    fn run(mut self) {
        loop {
            self.obey();
            if self.terminated.load(Ordering::SeqCst) {
                break;
            }
            self.deal();
            if self.workers.is_empty() {
                while let Some(job) = self.queue.pop_front() {
                    job.end(Err(Failure::Lost));
                }
            }
            if !self.open && self.queue.is_empty() && self.workers.iter().all(|w| w.job.is_none()) {
                break;
            }
            self.sleep();
        }
        // only after `terminate` is there anything left
        for worker in self.workers {
            if let Some(job) = worker.job {
                job.end(Err(Failure::Dropped));
            }
        }
        for job in self.queue {
            job.end(Err(Failure::Dropped));
        }
    }

    fn obey(&mut self) {
        let mut rings = [0; 64];
        while matches!(self.bell.read(&mut rings), Ok(n) if n > 0) {}
        for command in self.commands.try_iter() {
            match command {
                Command::Do(job) => self.queue.push_back(job),
                Command::NoMore => self.open = false,
            }
        }
    }

    fn deal(&mut self) {
        let queue = &mut self.queue;
        self.workers.retain_mut(|worker| {
            if worker.job.is_some() {
                return true;
            }
            let Some(job) = queue.pop_front() else { return true };
            match worker.line.write_all(&job.input.to_ne_bytes()) {
                Ok(()) => {
                    worker.job = Some(job);
                    true
                }
                Err(_) => {
                    // died when it had nothing to do
                    queue.push_front(job);
                    false
                }
            }
        });
    }

    fn sleep(&mut self) {
        let mut fds = vec![PollFd::new(self.bell.as_fd(), PollFlags::POLLIN)];
        fds.extend(self.workers.iter().map(|w| PollFd::new(w.line.as_fd(), PollFlags::POLLIN)));
        if poll(&mut fds, PollTimeout::NONE).is_err() {
            return;
        }
        let ready: Vec<bool> = fds[1..].iter().map(|fd| fd.any() != Some(false)).collect();
        let workers = std::mem::take(&mut self.workers);
        for (mut worker, ready) in workers.into_iter().zip(ready) {
            if !ready {
                self.workers.push(worker);
                continue;
            }
            match read_answer(&mut worker.line) {
                Ok(answer) => {
                    if let Some(job) = worker.job.take() {
                        job.end(answer);
                    }
                    self.workers.push(worker);
                }
                Err(_) => {
                    let killed = self.terminated.load(Ordering::SeqCst);
                    if let Some(job) = worker.job {
                        job.end(Err(if killed { Failure::Dropped } else { Failure::Lost }));
                    }
                }
            }
        }
    }
}

fn read_answer(line: &mut UnixStream) -> io::Result<Answer> {
    let mut head = [0; 16];
    line.read_exact(&mut head)?;
    let (kind, number) = head.split_at(8);
    let kind = u64::from_le_bytes(kind.try_into().unwrap());
    let number = u64::from_le_bytes(number.try_into().unwrap());
    if kind == 1 {
        return Ok(Ok(number as i64));
    }
    let mut text = vec![0; number as usize];
    line.read_exact(&mut text)?;
    Ok(Err(Failure::Error(String::from_utf8_lossy(&text).into_owned())))
}

fn work(line: &mut UnixStream, task: &impl Fn(i64) -> Result<i64, String>) -> io::Result<()> {
    loop {
        let mut input = [0; 8];
        line.read_exact(&mut input)?;
        let (kind, number, text) = match task(i64::from_ne_bytes(input)) {
            Ok(value) => (1u64, value as u64, String::new()),
            Err(text) => (2, text.len() as u64, text),
        };
        line.write_all(&[kind.to_le_bytes(), number.to_le_bytes()].concat())?;
        line.write_all(text.as_bytes())?;
    }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut lines = Vec::with_capacity(workers);
        let mut pids = Vec::with_capacity(workers);
        for _ in 0..workers {
            let (here, mut there) = UnixStream::pair()?;
            // SAFETY: only one thread so far
            match unsafe { fork()? } {
                ForkResult::Parent { child } => {
                    pids.push(child);
                    lines.push(Worker { line: here, job: None });
                }
                ForkResult::Child => {
                    drop((here, lines));
                    let end: Result<_, Box<dyn Any + Send>> =
                        catch_unwind(AssertUnwindSafe(|| work(&mut there, &task)));
                    process::exit(if end.is_ok() { 0 } else { 101 })
                }
            }
        }
        let (bell, ears) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        ears.set_nonblocking(true)?;
        let (commands, orders) = mpsc::channel();
        let terminated = Arc::new(AtomicBool::new(false));
        let manager = Manager {
            commands: orders,
            bell: ears,
            workers: lines,
            queue: VecDeque::new(),
            open: true,
            terminated: terminated.clone(),
        };
        let manager = Some(thread::Builder::new().name("manager".into()).spawn(|| manager.run())?);
        Ok(Pool { commands, bell, manager, workers: pids, open: true, terminated })
    }

    fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
        self.ring();
    }

    fn ring(&self) {
        // If there is no room the bell is ringing already.
        while matches!((&self.bell).write(&[1]), Err(e) if e.kind() == ErrorKind::Interrupted) {}
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        if !self.open {
            return Err(io::Error::new(ErrorKind::BrokenPipe, "the pool is closed"));
        }
        let (answer, mail) = mpsc::channel();
        self.tell(Command::Do(Job { input, callback: Box::new(callback), answer }));
        Ok(Handle { mail, read: RefCell::new(None) })
    }

    pub fn close(&mut self) {
        self.open = false;
        self.tell(Command::NoMore);
    }

    pub fn terminate(&mut self) {
        self.open = false;
        self.terminated.store(true, Ordering::SeqCst);
        for &worker in &self.workers {
            let _ = kill(worker, Signal::SIGKILL);
        }
        self.ring();
    }

    pub fn join(&mut self) -> io::Result<()> {
        if self.open {
            return Err(io::Error::new(ErrorKind::InvalidInput, "the pool is open"));
        }
        if let Some(manager) = self.manager.take() {
            manager.join().map_err(|_| io::Error::other("the manager panicked"))?;
        }
        for worker in self.workers.drain(..) {
            while waitpid(worker, None) == Err(nix::errno::Errno::EINTR) {}
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let mut read = self.read.borrow_mut();
        if let Some(answer) = &*read {
            return answer.clone();
        }
        let answer = match timeout {
            None => self.mail.recv().unwrap_or(Err(Failure::Dropped)),
            Some(timeout) => match self.mail.recv_timeout(timeout) {
                Ok(answer) => answer,
                Err(RecvTimeoutError::Timeout) => return Err(Failure::TimedOut),
                Err(RecvTimeoutError::Disconnected) => Err(Failure::Dropped),
            },
        };
        read.insert(answer).clone()
    }
}
