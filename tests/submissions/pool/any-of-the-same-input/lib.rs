//! A pool that sends each result home with its input.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::rc::Rc;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

type Ready = HashMap<i64, VecDeque<i64>>;

pub struct Pool {
    tasks: Option<PipeWriter>,
    home: Rc<RefCell<(PipeReader, Ready)>>,
    workers: Vec<Pid>,
}

pub struct Handle {
    input: i64,
    home: Rc<RefCell<(PipeReader, Ready)>>,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let (mut todo, tasks) = io::pipe()?;
        let (done, mut results) = io::pipe()?;
        let mut pids = Vec::new();
        for _ in 0..workers {
            // SAFETY: one thread
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop((tasks, done));
                    let mut input = [0; 8];
                    while todo.read_exact(&mut input).is_ok() {
                        let result = task(i64::from_le_bytes(input));
                        let mut pair = [0; 16];
                        pair[..8].copy_from_slice(&input);
                        pair[8..].copy_from_slice(&result.to_le_bytes());
                        if results.write_all(&pair).is_err() {
                            break;
                        }
                    }
                    std::process::exit(0)
                }
                ForkResult::Parent { child } => pids.push(child),
            }
        }
        Ok(Pool {
            tasks: Some(tasks),
            home: Rc::new(RefCell::new((done, Ready::new()))),
            workers: pids,
        })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let tasks = self.tasks.as_mut().ok_or_else(|| io::Error::other("closed"))?;
        tasks.write_all(&input.to_le_bytes())?;
        Ok(Handle { input, home: Rc::clone(&self.home) })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.tasks = None;
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        for pid in self.workers.drain(..) {
            waitpid(pid, None)?;
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        let (done, ready) = &mut *self.home.borrow_mut();
        loop {
            // equal inputs have equal results, any of them will do
            if let Some(result) = ready.get_mut(&self.input).and_then(VecDeque::pop_front) {
                return Ok(result);
            }
            let mut pair = [0; 16];
            done.read_exact(&mut pair)?;
            let (input, result) = pair.split_at(8);
            let input = i64::from_le_bytes(input.try_into().unwrap());
            let result = i64::from_le_bytes(result.try_into().unwrap());
            ready.entry(input).or_default().push_back(result);
        }
    }
}
