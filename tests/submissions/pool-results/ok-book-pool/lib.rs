//! Threads that share a queue, each with a worker process of its own, settle promises.

use std::io::{self, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SIGKILL, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    TimedOut,
    Error(String),
    Lost,
    Dropped,
}

#[derive(Default)]
struct Promise {
    outcome: Mutex<Option<Result<i64, Failure>>>,
    settled: Condvar,
}

impl Promise {
    /// The first word counts.
    fn settle(&self, outcome: Result<i64, Failure>) {
        self.outcome.lock().unwrap().get_or_insert(outcome);
        self.settled.notify_all();
    }

    fn wait(&self, deadline: Option<Instant>) -> Result<i64, Failure> {
        let mut outcome = self.outcome.lock().unwrap();
        while outcome.is_none() {
            match deadline.map(|d| d.saturating_duration_since(Instant::now())) {
                None => outcome = self.settled.wait(outcome).unwrap(),
                Some(Duration::ZERO) => return Err(Failure::TimedOut),
                Some(left) => outcome = self.settled.wait_timeout(outcome, left).unwrap().0,
            }
        }
        outcome.clone().unwrap()
    }
}

struct Job {
    input: i64,
    callback: Option<Box<dyn FnOnce(i64) + Send>>,
    promise: Arc<Promise>,
}

/// A job that nobody has done is settled nevertheless.
impl Drop for Job {
    fn drop(&mut self) {
        self.promise.settle(Err(Failure::Lost));
    }
}

struct Common {
    /// And what came back from a worker that was dead already.
    jobs: Mutex<(Receiver<Job>, Vec<Job>)>,
    terminated: AtomicBool,
    living: AtomicUsize,
}

impl Common {
    fn nobody_is_left(&self) {
        let mut jobs = self.jobs.lock().unwrap();
        let why = || match self.terminated.load(Ordering::SeqCst) {
            true => Failure::Dropped,
            false => Failure::Lost,
        };
        while let Some(job) = jobs.1.pop().or_else(|| jobs.0.try_recv().ok()) {
            job.promise.settle(Err(why()));
        }
    }
}

pub struct Pool {
    sender: Option<Sender<Job>>,
    common: Arc<Common>,
    threads: Vec<thread::JoinHandle<()>>,
    pids: Vec<Pid>,
}

pub struct Handle {
    promise: Arc<Promise>,
}

fn answer(line: &UnixStream) -> io::Result<Result<i64, String>> {
    let mut reader = BufReader::new(line);
    let mut head = [0; 9];
    reader.read_exact(&mut head)?;
    let word: [u8; 8] = head[1..].try_into().unwrap();
    if head[0] == 0 {
        return Ok(Ok(i64::from_be_bytes(word)));
    }
    let mut text = String::new();
    let length = u64::from_be_bytes(word);
    if reader.take(length).read_to_string(&mut text)? < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Err(text))
}

fn attend(common: &Common, line: UnixStream) {
    loop {
        let mut jobs = common.jobs.lock().unwrap();
        let job = match jobs.1.pop() {
            Some(job) => Ok(job),
            None => jobs.0.recv(),
        };
        let Ok(mut job) = job else { break };
        if common.terminated.load(Ordering::SeqCst) {
            job.promise.settle(Err(Failure::Dropped));
            continue;
        }
        // Eight bytes do not block, so the lock may be held; whoever has it next finds the job.
        if (&line).write_all(&job.input.to_be_bytes()).is_err() {
            jobs.1.push(job);
            break;
        }
        drop(jobs);
        let answer = answer(&line);
        let terminated = common.terminated.load(Ordering::SeqCst);
        match answer {
            Ok(Ok(value)) => {
                if let Some(callback) = job.callback.take() {
                    callback(value);
                }
                job.promise.settle(Ok(value));
            }
            Ok(Err(text)) => job.promise.settle(Err(Failure::Error(text))),
            Err(_) if terminated => job.promise.settle(Err(Failure::Dropped)),
            Err(_) => {
                job.promise.settle(Err(Failure::Lost));
                break;
            }
        }
    }
    if common.living.fetch_sub(1, Ordering::SeqCst) == 1 {
        // The last one: nobody is left to do what waits.
        common.nobody_is_left();
    }
}

fn child(mut line: UnixStream, task: impl Fn(i64) -> Result<i64, String>) {
    let mut word = [0; 8];
    while line.read_exact(&mut word).is_ok() {
        let mut answer = Vec::new();
        match task(i64::from_be_bytes(word)) {
            Ok(value) => {
                answer.push(0u8);
                answer.extend_from_slice(&value.to_be_bytes());
            }
            Err(text) => {
                answer.push(1u8);
                answer.extend_from_slice(&(text.len() as u64).to_be_bytes());
                answer.extend_from_slice(text.as_bytes());
            }
        }
        if line.write_all(&answer).is_err() {
            return;
        }
    }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut lines: Vec<UnixStream> = Vec::new();
        let mut pids = Vec::new();
        for _ in 0..workers {
            let (mine, its) = UnixStream::pair()?;
            // SAFETY: forked before any thread
            match unsafe { fork() }? {
                ForkResult::Child => {
                    lines.clear();
                    drop(mine);
                    let ok = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        child(its, &task)
                    }));
                    std::process::exit(i32::from(ok.is_err()))
                }
                ForkResult::Parent { child } => pids.push(child),
            }
            lines.push(mine);
        }
        let (sender, jobs) = mpsc::channel();
        let common = Arc::new(Common {
            jobs: Mutex::new((jobs, Vec::new())),
            terminated: AtomicBool::new(false),
            living: AtomicUsize::new(workers),
        });
        let threads = lines
            .into_iter()
            .map(|line| {
                let common = common.clone();
                thread::spawn(move || attend(&common, line))
            })
            .collect();
        Ok(Pool { sender: Some(sender), common, threads, pids })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let Some(sender) = &self.sender else {
            return Err(io::Error::other("the pool is closed"));
        };
        let promise = Arc::new(Promise::default());
        let job = Job { input, callback: Some(Box::new(callback)), promise: promise.clone() };
        let _ = sender.send(job);
        if self.common.living.load(Ordering::SeqCst) == 0 {
            // Nobody is there; empty the queue again, which settles what is in it.
            self.common.nobody_is_left();
        }
        Ok(Handle { promise })
    }

    pub fn close(&mut self) {
        self.sender = None;
    }

    pub fn terminate(&mut self) {
        self.sender = None;
        self.common.terminated.store(true, Ordering::SeqCst);
        for &pid in &self.pids {
            let _ = kill(pid, SIGKILL);
        }
        // Their threads find out at once, and settle everything.
        for t in self.threads.drain(..) {
            let _ = t.join();
        }
    }

    pub fn join(&mut self) -> io::Result<()> {
        if self.sender.is_some() {
            return Err(io::Error::other("neither closed nor terminated"));
        }
        for t in self.threads.drain(..) {
            t.join().map_err(|_| io::Error::other("panicked"))?;
        }
        for pid in self.pids.drain(..) {
            while let Err(nix::Error::EINTR) = waitpid(pid, None) {}
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
        self.promise.wait(deadline)
    }
}
