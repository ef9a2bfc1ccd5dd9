use std::cell::RefCell;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::rc::Rc;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Not more than that may be unread.
const MOST: usize = 1000;

struct Store {
    pipe: PipeReader,
    ring: Vec<Option<i64>>,
}

pub struct Pool {
    tasks: Option<PipeWriter>,
    store: Rc<RefCell<Store>>,
    pids: Vec<Pid>,
    next: usize,
}

pub struct Handle {
    store: Rc<RefCell<Store>>,
    place: usize,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let (mut todo, tasks) = io::pipe()?;
        let (pipe, mut home) = io::pipe()?;
        let mut pids = Vec::new();
        for _ in 0..workers {
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(tasks);
                    let mut m = [0u8; 16];
                    while todo.read_exact(&mut m).is_ok() {
                        let input = i64::from_ne_bytes(m[8..].try_into().unwrap());
                        m[8..].copy_from_slice(&task(input).to_ne_bytes());
                        if home.write_all(&m).is_err() {
                            break;
                        }
                    }
                    std::process::exit(0);
                }
                ForkResult::Parent { child } => pids.push(child),
            }
        }
        let store = Store { pipe, ring: vec![None; MOST] };
        Ok(Pool { tasks: Some(tasks), store: Rc::new(RefCell::new(store)), pids, next: 0 })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let Some(tasks) = self.tasks.as_mut() else {
            return Err(io::Error::other("the pool is closed"));
        };
        let place = self.next % MOST;
        self.next += 1;
        let mut m = [0u8; 16];
        m[..8].copy_from_slice(&place.to_ne_bytes());
        m[8..].copy_from_slice(&input.to_ne_bytes());
        tasks.write_all(&m)?;
        Ok(Handle { store: self.store.clone(), place })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.tasks = None;
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        while let Some(pid) = self.pids.pop() {
            waitpid(pid, None)?;
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        let store = &mut *self.store.borrow_mut();
        loop {
            if let Some(value) = store.ring[self.place].take() {
                return Ok(value);
            }
            let mut m = [0u8; 16];
            store.pipe.read_exact(&mut m)?;
            let place = usize::from_ne_bytes(m[..8].try_into().unwrap());
            store.ring[place] = Some(i64::from_ne_bytes(m[8..].try_into().unwrap()));
        }
    }
}
