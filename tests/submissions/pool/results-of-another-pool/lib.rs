use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::rc::Rc;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

thread_local! {
    static LETTERS: RefCell<HashMap<u64, i64>> = RefCell::new(HashMap::new());
}

pub struct Pool {
    tasks: Option<PipeWriter>,
    results: Rc<PipeReader>,
    pids: Vec<Pid>,
    next: u64,
}

pub struct Handle {
    results: Rc<PipeReader>,
    number: u64,
}

fn bytes(number: u64, value: i64) -> [u8; 16] {
    let mut b = [0; 16];
    b[..8].copy_from_slice(&number.to_ne_bytes());
    b[8..].copy_from_slice(&value.to_ne_bytes());
    b
}

fn numbers(b: [u8; 16]) -> (u64, i64) {
    let n = u128::from_ne_bytes(b);
    (n as u64, (n >> 64) as i64)
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let (mut todo, tasks) = io::pipe()?;
        let (results, mut home) = io::pipe()?;
        let mut pids = Vec::new();
        for _ in 0..workers {
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(tasks);
                    let mut b = [0; 16];
                    while todo.read_exact(&mut b).is_ok() {
                        let (number, input) = numbers(b);
                        if home.write_all(&bytes(number, task(input))).is_err() {
                            break;
                        }
                    }
                    std::process::exit(0);
                }
                ForkResult::Parent { child } => pids.push(child),
            }
        }
        Ok(Pool { tasks: Some(tasks), results: Rc::new(results), pids, next: 0 })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let number = self.next;
        let tasks = self.tasks.as_mut().ok_or(io::Error::other("closed"))?;
        tasks.write_all(&bytes(number, input))?;
        self.next += 1;
        Ok(Handle { results: Rc::clone(&self.results), number })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.tasks = None;
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        for pid in self.pids.drain(..) {
            waitpid(pid, None)?;
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        LETTERS.with_borrow_mut(|letters| {
            loop {
                if let Some(value) = letters.remove(&self.number) {
                    return Ok(value);
                }
                let mut b = [0; 16];
                (&*self.results).read_exact(&mut b)?;
                let (number, value) = numbers(b);
                letters.insert(number, value);
            }
        })
    }
}
