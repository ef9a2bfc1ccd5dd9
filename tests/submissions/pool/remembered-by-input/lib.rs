//! A pool that remembers the results that have been read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::rc::Rc;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

struct Shared {
    results: PipeReader,
    arrived: HashMap<u64, i64>,
    // why compute anything twice?
    known: HashMap<i64, i64>,
}

pub struct Pool {
    tasks: Option<PipeWriter>,
    shared: Rc<RefCell<Shared>>,
    workers: Vec<Pid>,
    last: u64,
}

pub enum State {
    Known(i64),
    Pending { id: u64, input: i64 },
}

pub struct Handle {
    state: State,
    shared: Rc<RefCell<Shared>>,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let tasks = io::pipe()?;
        let results = io::pipe()?;
        let mut pids = Vec::with_capacity(workers);
        for _ in 0..workers {
            // SAFETY: single threaded
            match unsafe { fork() }? {
                ForkResult::Parent { child } => pids.push(child),
                ForkResult::Child => {
                    let (mut tasks, writer) = tasks;
                    drop(writer);
                    let (_, mut results) = results;
                    let mut buffer = [0u8; 16];
                    while tasks.read_exact(&mut buffer).is_ok() {
                        let input = i64::from_ne_bytes(buffer[8..].try_into().unwrap());
                        buffer[8..].copy_from_slice(&task(input).to_ne_bytes());
                        if results.write_all(&buffer).is_err() {
                            std::process::exit(1);
                        }
                    }
                    std::process::exit(0);
                }
            }
        }
        let shared = Shared { results: results.0, arrived: HashMap::new(), known: HashMap::new() };
        Ok(Pool {
            tasks: Some(tasks.1),
            shared: Rc::new(RefCell::new(shared)),
            workers: pids,
            last: 0,
        })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let Some(tasks) = self.tasks.as_mut() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "submit after close"));
        };
        if let Some(&value) = self.shared.borrow().known.get(&input) {
            return Ok(Handle { state: State::Known(value), shared: self.shared.clone() });
        }
        self.last += 1;
        let id = self.last;
        let bytes = [id.to_ne_bytes(), input.to_ne_bytes()].concat();
        tasks.write_all(&bytes)?;
        Ok(Handle { state: State::Pending { id, input }, shared: self.shared.clone() })
    }

    pub fn close(&mut self) -> io::Result<()> {
        drop(self.tasks.take());
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.workers.drain(..).try_for_each(|pid| waitpid(pid, None).map(drop))?;
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        let (id, input) = match self.state {
            State::Known(value) => return Ok(value),
            State::Pending { id, input } => (id, input),
        };
        let mut shared = self.shared.borrow_mut();
        loop {
            if let Some(value) = shared.arrived.remove(&id) {
                shared.known.insert(input, value);
                return Ok(value);
            }
            let mut b = [0; 16];
            shared.results.read_exact(&mut b)?;
            let (a, z) = b.split_at(8);
            let (a, z) = (a.try_into().unwrap(), z.try_into().unwrap());
            shared.arrived.insert(u64::from_ne_bytes(a), i64::from_ne_bytes(z));
        }
    }
}
