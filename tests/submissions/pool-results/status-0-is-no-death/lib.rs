//! A worker that ended with status 0 has not died.

//! Each worker process has an attendant: a thread of this process that brings it tasks.
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    TimedOut,
    Error(String),
    Lost,
    Dropped,
}

type Outcome = Result<i64, Failure>;

/// Where one result is put.
struct Cell {
    outcome: Mutex<Option<Outcome>>,
    known: Condvar,
}

impl Cell {
    fn settle(&self, outcome: Outcome) {
        let mut place = self.outcome.lock().unwrap();
        if place.is_none() {
            *place = Some(outcome);
            self.known.notify_all();
        }
    }
}

struct Job {
    input: i64,
    callback: Box<dyn FnOnce(i64) + Send>,
    cell: Arc<Cell>,
}

struct Desk {
    waiting: VecDeque<Job>,
    at_work: Vec<Option<Arc<Cell>>>,
    attendants: usize,
    pids: Vec<Pid>,
    closed: bool,
}

struct Office {
    desk: Mutex<Desk>,
    news: Condvar,
}

pub struct Pool {
    office: Arc<Office>,
    pids: Vec<Pid>,
    threads: Vec<JoinHandle<()>>,
}

pub struct Handle {
    cell: Arc<Cell>,
}

impl Office {
    fn attend(&self, number: usize, mut line: UnixStream) {
        loop {
            let mut desk = self.desk.lock().unwrap();
            while desk.waiting.is_empty() && !desk.closed {
                desk = self.news.wait(desk).unwrap();
            }
            let Some(job) = desk.waiting.pop_front() else {
                desk.attendants -= 1;
                return; // the line is closed, and the worker goes home
            };
            desk.at_work[number] = Some(job.cell.clone());
            drop(desk);

            let answer = ask(&mut line, job.input);
            let mut desk = self.desk.lock().unwrap();
            let dropped = desk.at_work[number].take().is_none();
            match answer {
                Err(_) => {
                    let pid = desk.pids[number];
                    drop(desk);
                    let status = how_it_ended(pid);
                    desk = self.desk.lock().unwrap();
                    desk.attendants -= 1;
                    if status {
                        job.cell.settle(Err(Failure::Lost));
                    }
                    if desk.attendants == 0 {
                        for job in desk.waiting.drain(..) {
                            job.cell.settle(Err(Failure::Lost));
                        }
                    }
                    return;
                }
                Ok(Err(text)) => job.cell.settle(Err(Failure::Error(text))),
                Ok(Ok(value)) => {
                    drop(desk);
                    if !dropped {
                        (job.callback)(value);
                        job.cell.settle(Ok(value));
                    }
                }
            }
        }
    }
}

/// Whether it died; an exit with status 0 is how a worker ends that is not needed any more.
fn how_it_ended(pid: Pid) -> bool {
    use nix::sys::wait::{Id, waitid};
    loop {
        match waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {
            Ok(WaitStatus::Exited(_, 0)) => return false,
            Err(Errno::EINTR) => {}
            _ => return true,
        }
    }
}

fn ask(line: &mut UnixStream, input: i64) -> io::Result<Result<i64, String>> {
    line.write_all(&input.to_ne_bytes())?;
    let mut head = [0; 9];
    line.read_exact(&mut head)?;
    let value = i64::from_ne_bytes(head[1..].try_into().unwrap());
    if head[0] == b'+' {
        return Ok(Ok(value));
    }
    let mut text = vec![0; value as usize];
    line.read_exact(&mut text)?;
    String::from_utf8(text).map(Err).map_err(io::Error::other)
}

fn serve(mut line: UnixStream, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<()> {
    let mut input = [0; 8];
    while line.read_exact(&mut input).is_ok() {
        let (sign, value, text) = match task(i64::from_ne_bytes(input)) {
            Ok(value) => (b'+', value, String::new()),
            Err(text) => (b'-', text.len() as i64, text),
        };
        let mut answer = vec![sign];
        answer.extend(value.to_ne_bytes());
        answer.extend(text.into_bytes());
        line.write_all(&answer)?;
    }
    Ok(())
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut lines = Vec::new();
        let mut pids = Vec::new();
        for _ in 0..workers {
            let (near, far) = UnixStream::pair()?;
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(near);
                    drop(lines);
                    let _ = serve(far, task);
                    process::exit(0)
                }
                ForkResult::Parent { child } => {
                    pids.push(child);
                    lines.push(near);
                }
            }
        }
        let desk = Desk {
            waiting: VecDeque::new(),
            at_work: vec![None; workers],
            attendants: workers,
            pids: pids.clone(),
            closed: false,
        };
        let office = Arc::new(Office { desk: Mutex::new(desk), news: Condvar::new() });
        let threads = lines
            .into_iter()
            .enumerate()
            .map(|(number, line)| {
                let office = office.clone();
                thread::spawn(move || office.attend(number, line))
            })
            .collect();
        Ok(Pool { office, pids, threads })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let mut desk = self.office.desk.lock().unwrap();
        if desk.closed {
            return Err(io::Error::other("this pool takes no more tasks"));
        }
        let cell = Arc::new(Cell { outcome: Mutex::new(None), known: Condvar::new() });
        if desk.attendants == 0 {
            cell.settle(Err(Failure::Lost));
        } else {
            desk.waiting.push_back(Job { input, callback: Box::new(callback), cell: cell.clone() });
            self.office.news.notify_one();
        }
        Ok(Handle { cell })
    }

    pub fn close(&mut self) {
        self.office.desk.lock().unwrap().closed = true;
        self.office.news.notify_all();
    }

    pub fn terminate(&mut self) {
        let mut desk = self.office.desk.lock().unwrap();
        desk.closed = true;
        for cell in desk.at_work.iter_mut().filter_map(Option::take) {
            cell.settle(Err(Failure::Dropped));
        }
        for job in desk.waiting.drain(..) {
            job.cell.settle(Err(Failure::Dropped));
        }
        for &pid in &self.pids {
            let _ = kill(pid, Signal::SIGKILL);
        }
        drop(desk);
        self.office.news.notify_all();
    }

    pub fn join(&mut self) -> io::Result<()> {
        if !self.office.desk.lock().unwrap().closed {
            return Err(io::Error::other("the pool is still open"));
        }
        for thread in self.threads.drain(..) {
            thread.join().map_err(|_| io::Error::other("an attendant has panicked"))?;
        }
        for pid in self.pids.drain(..) {
            while waitpid(pid, None) == Err(Errno::EINTR) {}
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut outcome = self.cell.outcome.lock().unwrap();
        loop {
            if let Some(outcome) = &*outcome {
                return outcome.clone();
            }
            outcome = match deadline {
                None => self.cell.known.wait(outcome).unwrap(),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Failure::TimedOut);
                    }
                    self.cell.known.wait_timeout(outcome, left).unwrap().0
                }
            };
        }
    }
}
