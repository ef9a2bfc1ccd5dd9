//! A pool: a fixed number of worker processes that do whatever is submitted.
//!
//! Two pipes carry everything: tasks go out by one, results come home by the other.
//! Each message is 16 bytes, the number of the task and its input or result. All
//! workers read from the one pipe, so whoever is free takes what comes next.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::process::exit;
use std::rc::Rc;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Worker processes that wait for tasks. A process has one pool at a time.
pub struct Pool {
    /// None once the pool is closed: closing the pipe is how the workers learn of it.
    tasks: Option<PipeWriter>,
    submitted: i64,
    results: Rc<RefCell<Results>>,
    workers: Vec<Pid>,
}

/// The promise of one task's result.
pub struct Handle {
    number: i64,
    results: Rc<RefCell<Results>>,
}

/// Where results arrive, in the order of completion, and wait for their handles.
struct Results {
    pipe: PipeReader,
    arrived: HashMap<i64, i64>,
}

impl Pool {
    /// Forks `workers` processes that do `task` with whatever is submitted.
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let (tasks_out, tasks_in) = io::pipe()?;
        let (results_out, results_in) = io::pipe()?;
        let mut pids = Vec::new();
        for _ in 0..workers {
            // SAFETY: the process has one thread, so the child may do whatever the parent may.
            match unsafe { fork() }? {
                ForkResult::Child => {
                    // Without this the worker would wait for the end of a pipe that it
                    // keeps open itself, and `join` would never return.
                    drop(tasks_in);
                    exit(i32::from(work(&tasks_out, &results_in, task).is_err()))
                }
                ForkResult::Parent { child } => pids.push(child),
            }
        }
        let results = Results { pipe: results_out, arrived: HashMap::new() };
        let results = Rc::new(RefCell::new(results));
        Ok(Pool { tasks: Some(tasks_in), submitted: 0, results, workers: pids })
    }

    /// Hands a task over and returns at once.
    ///
    /// If a worker is free already, the task is begun without anybody asking for its result.
    /// Any number may be an input, and two tasks may have the same.
    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let Some(tasks) = &self.tasks else {
            return Err(io::Error::other("the pool is closed"));
        };
        let number = self.submitted;
        send(tasks, (number, input))?;
        self.submitted += 1;
        Ok(Handle { number, results: Rc::clone(&self.results) })
    }

    /// Says that no task will follow.
    pub fn close(&mut self) -> io::Result<()> {
        // A pipe keeps what is in it: the workers read the rest, and then the end.
        self.tasks = None;
        Ok(())
    }

    /// Waits until every worker has ended.
    pub fn join(&mut self) -> io::Result<()> {
        for pid in self.workers.drain(..) {
            // A signal may come in between.
            while let Err(error) = waitpid(pid, None) {
                if error != Errno::EINTR {
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }
}

impl Handle {
    /// Sleeps until this task is done, and returns its result.
    pub fn get(self) -> io::Result<i64> {
        let mut results = self.results.borrow_mut();
        loop {
            if let Some(result) = results.arrived.remove(&self.number) {
                return Ok(result);
            }
            // Whose result comes next is up to the workers: keep it for its own handle.
            let (number, result) = receive(&results.pipe)?
                .ok_or_else(|| io::Error::other("the workers are gone, the task is not done"))?;
            results.arrived.insert(number, result);
        }
    }
}

/// What a worker does until there is no more to come.
fn work(tasks: &PipeReader, results: &PipeWriter, task: impl Fn(i64) -> i64) -> io::Result<()> {
    while let Some((number, input)) = receive(tasks)? {
        send(results, (number, task(input)))?;
    }
    Ok(())
}

// Several processes write to the pipe of results: no message is torn, since a write of up to
// PIPE_BUF (4096) bytes is one step.
fn send(mut to: &PipeWriter, (number, value): (i64, i64)) -> io::Result<()> {
    let mut message = [0; 16];
    message[..8].copy_from_slice(&number.to_ne_bytes());
    message[8..].copy_from_slice(&value.to_ne_bytes());
    to.write_all(&message)
}

// Several processes read from the pipe of tasks: each gets whole messages, since all have the
// same length and Linux lets one reader at a time take what it asked for.
fn receive(mut from: &PipeReader) -> io::Result<Option<(i64, i64)>> {
    let mut message = [0; 16];
    match from.read_exact(&mut message) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let (words, _) = message.as_chunks::<8>();
    Ok(Some((i64::from_ne_bytes(words[0]), i64::from_ne_bytes(words[1]))))
}
