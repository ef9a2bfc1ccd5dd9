//! Workers get 64 tasks at most before somebody reads a result.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::rc::Rc;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// No more than so many tasks are on their way at a time, so that no pipe can ever be full.
const WINDOW: usize = 64;

struct Core {
    to_workers: Option<PipeWriter>,
    from_workers: PipeReader,
    backlog: VecDeque<(u64, i64)>,
    in_flight: usize,
    done: HashMap<u64, i64>,
}

impl Core {
    fn pump(&mut self) -> io::Result<()> {
        while self.in_flight < WINDOW {
            let Some((id, input)) = self.backlog.pop_front() else { break };
            let Some(pipe) = &mut self.to_workers else { break };
            let mut m = [0; 16];
            m[..8].copy_from_slice(&id.to_ne_bytes());
            m[8..].copy_from_slice(&input.to_ne_bytes());
            pipe.write_all(&m)?;
            self.in_flight += 1;
        }
        Ok(())
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut m = [0; 16];
        self.from_workers.read_exact(&mut m)?;
        let id = u64::from_ne_bytes(m[..8].try_into().unwrap());
        let result = i64::from_ne_bytes(m[8..].try_into().unwrap());
        self.done.insert(id, result);
        self.in_flight -= 1;
        self.pump()
    }
}

pub struct Pool {
    core: Rc<RefCell<Core>>,
    pids: Vec<Pid>,
    next: u64,
    closed: bool,
}

pub struct Handle {
    core: Rc<RefCell<Core>>,
    id: u64,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let (mut work, to_workers) = io::pipe()?;
        let (from_workers, mut home) = io::pipe()?;
        let mut pids = vec![];
        for _ in 0..workers {
            if let ForkResult::Parent { child } = unsafe { fork() }? {
                pids.push(child);
                continue;
            }
            drop(to_workers);
            drop(from_workers);
            let mut m = [0; 16];
            while work.read_exact(&mut m).is_ok() {
                let result = task(i64::from_ne_bytes(m[8..].try_into().unwrap()));
                m[8..].copy_from_slice(&result.to_ne_bytes());
                home.write_all(&m).unwrap();
            }
            std::process::exit(0);
        }
        let core = Core {
            to_workers: Some(to_workers),
            from_workers,
            backlog: VecDeque::new(),
            in_flight: 0,
            done: HashMap::new(),
        };
        Ok(Pool { core: Rc::new(RefCell::new(core)), pids, next: 0, closed: false })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        if self.closed {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "pool is closed"));
        }
        let id = self.next;
        self.next += 1;
        let mut core = self.core.borrow_mut();
        core.backlog.push_back((id, input));
        core.pump()?;
        Ok(Handle { core: self.core.clone(), id })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.closed = true;
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        let mut core = self.core.borrow_mut();
        while !core.backlog.is_empty() || core.in_flight > 0 {
            core.receive()?;
        }
        core.to_workers = None;
        for &pid in &self.pids {
            while waitpid(pid, None) == Err(Errno::EINTR) {}
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        let mut core = self.core.borrow_mut();
        loop {
            if let Some(result) = core.done.remove(&self.id) {
                return Ok(result);
            }
            core.receive()?;
        }
    }
}
