//! A pool in which each worker process has a thread of the parent's that looks after it.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

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
    desk: Arc<Desk>,
    workers: Vec<Pid>,
    keepers: Vec<JoinHandle<()>>,
}

pub struct Handle {
    ticket: Arc<Ticket>,
}

/// Where the keepers find their next task.
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queue: VecDeque<Arc<Ticket>>,
    all: Vec<Arc<Ticket>>,
    keepers: usize,
    open: bool,
}

/// One task: what goes in, and what comes out.
struct Ticket {
    input: i64,
    callback: Mutex<Option<Box<dyn FnOnce(i64) + Send>>>,
    outcome: Mutex<Option<Result<i64, Failure>>>,
    settled: Condvar,
}

impl Ticket {
    /// The first outcome stays.
    fn settle(&self, result: Result<i64, Failure>) {
        let mut outcome = self.outcome.lock().unwrap();
        if outcome.is_some() {
            return;
        }
        if let (Ok(value), Some(callback)) = (&result, self.callback.lock().unwrap().take()) {
            callback(*value);
        }
        *outcome = Some(result);
        self.settled.notify_all();
    }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut pids = Vec::new();
        let mut lines: Vec<UnixStream> = Vec::new();
        for _ in 0..workers {
            let (ours, theirs) = UnixStream::pair()?;
            // SAFETY: this process has a single thread so far.
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop((ours, lines));
                    exit(i32::from(serve(theirs, task).is_err()))
                }
                ForkResult::Parent { child } => {
                    pids.push(child);
                    lines.push(ours);
                }
            }
        }
        let state = State { queue: VecDeque::new(), all: vec![], keepers: workers, open: true };
        let desk = Arc::new(Desk { state: Mutex::new(state), changed: Condvar::new() });
        let keep = |line| {
            let desk = Arc::clone(&desk);
            thread::spawn(move || desk.keep(line))
        };
        let keepers = lines.into_iter().map(keep).collect();
        Ok(Pool { desk, workers: pids, keepers })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let mut state = self.desk.lock();
        if !state.open {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let ticket = Arc::new(Ticket {
            input,
            callback: Mutex::new(Some(Box::new(callback))),
            outcome: Mutex::new(None),
            settled: Condvar::new(),
        });
        if state.keepers == 0 {
            ticket.settle(Err(Failure::Lost));
        } else {
            state.all.push(Arc::clone(&ticket));
            state.queue.push_back(Arc::clone(&ticket));
            self.desk.changed.notify_one();
        }
        Ok(Handle { ticket })
    }

    pub fn close(&mut self) {
        self.desk.lock().open = false;
        self.desk.changed.notify_all();
    }

    pub fn terminate(&mut self) {
        let mut state = self.desk.lock();
        state.open = false;
        state.queue.clear();
        for ticket in &state.all {
            ticket.settle(Err(Failure::Dropped));
        }
        for &worker in &self.workers {
            let _ = kill(worker, Signal::SIGTERM);
        }
        self.desk.changed.notify_all();
    }

    pub fn join(&mut self) -> io::Result<()> {
        if self.desk.lock().open {
            return Err(io::Error::other("still open"));
        }
        for keeper in self.keepers.drain(..) {
            keeper.join().map_err(|_| io::Error::other("a keeper panicked"))?;
        }
        for worker in self.workers.drain(..) {
            waitpid(worker, None)?;
        }
        Ok(())
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn next(&self) -> Option<Arc<Ticket>> {
        let mut state = self.lock();
        loop {
            if let Some(ticket) = state.queue.pop_front() {
                return Some(ticket);
            }
            if !state.open {
                return None;
            }
            state = self.changed.wait(state).unwrap();
        }
    }

    /// Brings tasks to one worker and its answers home, until one of them ends.
    fn keep(&self, line: UnixStream) {
        let mut answers = BufReader::new(&line);
        while let Some(ticket) = self.next() {
            match ask(&line, &mut answers, ticket.input) {
                Ok(result) => ticket.settle(result.map_err(Failure::Error)),
                Err(_) => {
                    ticket.settle(Err(Failure::Lost));
                    break;
                }
            }
        }
        let mut state = self.lock();
        state.keepers -= 1;
        if state.keepers == 0 {
            for ticket in state.queue.drain(..) {
                ticket.settle(Err(Failure::Lost));
            }
        }
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut outcome = self.ticket.outcome.lock().unwrap();
        loop {
            if let Some(outcome) = &*outcome {
                return outcome.clone();
            }
            outcome = match deadline {
                None => self.ticket.settled.wait(outcome).unwrap(),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Failure::TimedOut);
                    }
                    self.ticket.settled.wait_timeout(outcome, left).unwrap().0
                }
            };
        }
    }
}

/// One line there and one line back: `7`, then `+49`, or `-12` and a text of 12 bytes.
fn ask(
    mut line: &UnixStream,
    answers: &mut impl BufRead,
    input: i64,
) -> io::Result<Result<i64, String>> {
    line.write_all(format!("{input}\n").as_bytes())?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    let answer = answer.strip_suffix('\n').ok_or(io::ErrorKind::UnexpectedEof)?;
    let number = answer.get(1..).and_then(|number| number.parse::<i64>().ok());
    let number = number.ok_or(io::ErrorKind::InvalidData)?;
    if answer.starts_with('+') {
        return Ok(Ok(number));
    }
    let mut text = vec![0; number as usize];
    answers.read_exact(&mut text)?;
    Ok(Err(String::from_utf8_lossy(&text).into_owned()))
}

fn serve(line: UnixStream, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<()> {
    for input in BufReader::new(&line).lines() {
        let answer = match task(input?.parse().map_err(io::Error::other)?) {
            Ok(value) => format!("+{value}\n"),
            Err(text) => format!("-{}\n{text}", text.len()),
        };
        (&line).write_all(answer.as_bytes())?;
    }
    Ok(())
}
