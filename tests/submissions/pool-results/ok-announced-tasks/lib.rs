//! A pool with one pipe of tasks, and a pipe home for each worker.
//!
//! A worker says which task it takes before it begins, so the parent knows what is lost
//! when its pipe ends in the middle.

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

type Callback = Box<dyn FnOnce(i64) + Send>;

pub struct Pool {
    tasks: Option<PipeWriter>,
    news: Rc<RefCell<News>>,
    pids: Vec<Pid>,
}

pub struct Handle {
    task: usize,
    news: Rc<RefCell<News>>,
}

struct News {
    homes: Vec<Home>,
    outcomes: Vec<Option<Result<i64, Failure>>>,
    callbacks: HashMap<usize, Callback>,
}

/// The way home from one worker, and the task that it is at.
struct Home {
    pipe: PipeReader,
    at: Option<usize>,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let (tasks_rx, tasks_tx) = io::pipe()?;
        let mut pids = Vec::new();
        let mut homes = Vec::new();
        for _ in 0..workers {
            let (pipe, home) = io::pipe()?;
            // SAFETY: this process has a single thread.
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop((tasks_tx, pipe));
                    exit(i32::from(work(tasks_rx, home, task).is_err()))
                }
                ForkResult::Parent { child } => {
                    pids.push(child);
                    homes.push(Home { pipe, at: None });
                }
            }
        }
        let news = News { homes, outcomes: Vec::new(), callbacks: HashMap::new() };
        Ok(Pool { tasks: Some(tasks_tx), news: Rc::new(RefCell::new(news)), pids })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let Some(tasks) = &mut self.tasks else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let mut news = self.news.borrow_mut();
        let task = news.outcomes.len();
        news.outcomes.push(None);
        news.callbacks.insert(task, Box::new(callback));
        // Nobody reads any more if all workers are dead, which `turn` finds out.
        let _ = tasks.write_all(&[task.to_ne_bytes(), input.to_ne_bytes()].concat());
        Ok(Handle { task, news: Rc::clone(&self.news) })
    }

    pub fn close(&mut self) {
        self.tasks = None;
    }

    pub fn terminate(&mut self) {
        self.tasks = None;
        for &pid in &self.pids {
            let _ = kill(pid, Signal::SIGKILL);
        }
        let mut news = self.news.borrow_mut();
        news.homes.clear();
        news.give_up(&Failure::Dropped);
    }

    pub fn join(&mut self) -> io::Result<()> {
        if self.tasks.is_some() {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        let mut news = self.news.borrow_mut();
        while !news.homes.is_empty() {
            news.turn(PollTimeout::NONE)?;
        }
        news.give_up(&Failure::Lost);
        for pid in self.pids.drain(..) {
            waitpid(pid, None)?;
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let end = timeout.map(|timeout| Instant::now() + timeout);
        let mut news = self.news.borrow_mut();
        loop {
            if let Some(outcome) = &news.outcomes[self.task] {
                return outcome.clone();
            }
            if news.homes.is_empty() {
                news.give_up(&Failure::Lost);
                continue;
            }
            let wait = match end.map(|end| end.saturating_duration_since(Instant::now())) {
                None => PollTimeout::NONE,
                Some(Duration::ZERO) => return Err(Failure::TimedOut),
                Some(left) => PollTimeout::try_from(left.saturating_add(Duration::from_millis(1)))
                    .unwrap_or(PollTimeout::MAX),
            };
            news.turn(wait).expect("pipes can be polled");
        }
    }
}

impl News {
    /// Hears one thing from each worker that has something to say.
    fn turn(&mut self, wait: PollTimeout) -> io::Result<()> {
        let pipes = self.homes.iter().map(|home| home.pipe.as_fd());
        let mut polled: Vec<_> = pipes.map(|pipe| PollFd::new(pipe, PollFlags::POLLIN)).collect();
        poll(&mut polled, wait)?;
        let ready: Vec<bool> = polled.iter().map(|pipe| pipe.any() == Some(true)).collect();
        for place in (0..ready.len()).rev().filter(|&place| ready[place]) {
            let home = &mut self.homes[place];
            match (home.at, hear(&mut home.pipe)) {
                (None, Ok(task)) => home.at = Some(i64::from_ne_bytes(task) as usize),
                (Some(task), Ok(sign)) => {
                    let outcome = answer(&mut home.pipe, i64::from_ne_bytes(sign));
                    home.at = None;
                    self.settle(task, outcome);
                }
                (at, Err(_)) => {
                    self.homes.remove(place);
                    if let Some(task) = at {
                        self.settle(task, Err(Failure::Lost));
                    }
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, task: usize, outcome: Result<i64, Failure>) {
        if let (Ok(value), Some(callback)) = (&outcome, self.callbacks.remove(&task)) {
            callback(*value);
        }
        self.outcomes[task] = Some(outcome);
    }

    fn give_up(&mut self, failure: &Failure) {
        for outcome in &mut self.outcomes {
            outcome.get_or_insert_with(|| Err(failure.clone()));
        }
    }
}

fn hear(pipe: &mut PipeReader) -> io::Result<[u8; 8]> {
    let mut word = [0; 8];
    pipe.read_exact(&mut word).map(|()| word)
}

/// What follows the sign: a value after -1, and otherwise a text of as many bytes.
fn answer(pipe: &mut PipeReader, sign: i64) -> Result<i64, Failure> {
    if sign == -1 {
        return hear(pipe).map(i64::from_ne_bytes).map_err(|_| Failure::Lost);
    }
    let mut text = vec![0; sign as usize];
    pipe.read_exact(&mut text).map_err(|_| Failure::Lost)?;
    Err(Failure::Error(String::from_utf8(text).map_err(|_| Failure::Lost)?))
}

fn work(
    mut tasks: PipeReader,
    mut home: PipeWriter,
    task: impl Fn(i64) -> Result<i64, String>,
) -> io::Result<()> {
    let mut message = [0; 16];
    while tasks.read_exact(&mut message).is_ok() {
        let (words, _) = message.as_chunks::<8>();
        home.write_all(&words[0])?;
        match task(i64::from_ne_bytes(words[1])) {
            Ok(value) => home.write_all(&[(-1_i64).to_ne_bytes(), value.to_ne_bytes()].concat())?,
            Err(text) => {
                home.write_all(&(text.len() as i64).to_ne_bytes())?;
                home.write_all(text.as_bytes())?;
            }
        }
    }
    Ok(())
}
