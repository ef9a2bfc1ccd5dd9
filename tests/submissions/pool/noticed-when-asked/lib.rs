//! A pool in which the parent lets as many tasks out as there are workers.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::rc::Rc;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

struct Office {
    waiting: VecDeque<(u64, i64)>,
    out: usize,
    workers: usize,
    tasks: Option<PipeWriter>,
    results: PipeReader,
    done: HashMap<u64, i64>,
}

impl Office {
    fn hand_out(&mut self) -> io::Result<()> {
        while self.out < self.workers {
            let Some((n, input)) = self.waiting.pop_front() else { break };
            let mut msg = n.to_ne_bytes().to_vec();
            msg.extend(input.to_ne_bytes());
            if let Some(t) = &mut self.tasks {
                t.write_all(&msg)?;
            }
            self.out += 1;
        }
        Ok(())
    }

    fn take_in(&mut self) -> io::Result<()> {
        let mut n = [0; 8];
        let mut v = [0; 8];
        self.results.read_exact(&mut n)?;
        self.results.read_exact(&mut v)?;
        self.done.insert(u64::from_ne_bytes(n), i64::from_ne_bytes(v));
        self.out -= 1;
        self.hand_out()
    }
}

pub struct Pool {
    office: Rc<RefCell<Office>>,
    pids: Vec<Pid>,
    next: u64,
    closed: bool,
}

pub struct Handle {
    office: Rc<RefCell<Office>>,
    n: u64,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let (mut task_r, task_w) = io::pipe()?;
        let (result_r, mut result_w) = io::pipe()?;
        let mut pids = vec![];
        for _ in 0..workers {
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(task_w);
                    drop(result_r);
                    let mut m = [0u8; 16];
                    while task_r.read_exact(&mut m).is_ok() {
                        let r = task(i64::from_ne_bytes(m[8..].try_into().unwrap()));
                        m[8..].copy_from_slice(&r.to_ne_bytes());
                        if result_w.write_all(&m).is_err() {
                            break;
                        }
                    }
                    std::process::exit(0)
                }
                ForkResult::Parent { child } => pids.push(child),
            }
        }
        let office = Office {
            waiting: VecDeque::new(),
            out: 0,
            workers,
            tasks: Some(task_w),
            results: result_r,
            done: HashMap::new(),
        };
        Ok(Pool { office: Rc::new(RefCell::new(office)), pids, next: 0, closed: false })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        if self.closed {
            return Err(io::Error::other("closed"));
        }
        let n = self.next;
        self.next += 1;
        let mut office = self.office.borrow_mut();
        office.waiting.push_back((n, input));
        office.hand_out()?;
        Ok(Handle { office: self.office.clone(), n })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.closed = true;
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        let mut office = self.office.borrow_mut();
        while office.out > 0 {
            office.take_in()?;
        }
        office.tasks = None;
        for pid in &self.pids {
            waitpid(*pid, None)?;
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        let mut office = self.office.borrow_mut();
        loop {
            if let Some(v) = office.done.remove(&self.n) {
                return Ok(v);
            }
            office.take_in()?;
        }
    }
}
