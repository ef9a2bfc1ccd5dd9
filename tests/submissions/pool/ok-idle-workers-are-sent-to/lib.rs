//! A pool in which the parent keeps the queue and each worker has a socket of its own.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::rc::Rc;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Pool {
    office: Rc<RefCell<Office>>,
    open: bool,
}

pub struct Handle {
    number: usize,
    office: Rc<RefCell<Office>>,
}

/// All that is known about workers and tasks.
struct Office {
    workers: Vec<Worker>,
    waiting: VecDeque<(usize, i64)>,
    submitted: usize,
    results: HashMap<usize, i64>,
}

struct Worker {
    pid: Pid,
    line: UnixStream,
    busy_with: Option<usize>,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let mut hired: Vec<Worker> = Vec::new();
        for _ in 0..workers {
            let (line, theirs) = UnixStream::pair()?;
            // SAFETY: this process has a single thread.
            match unsafe { fork() }? {
                ForkResult::Child => {
                    // The lines of the elder workers, which this one must not keep open.
                    drop(hired);
                    drop(line);
                    exit(i32::from(work(theirs, task).is_err()))
                }
                ForkResult::Parent { child } => {
                    hired.push(Worker { pid: child, line, busy_with: None });
                }
            }
        }
        let office = Office {
            workers: hired,
            waiting: VecDeque::new(),
            submitted: 0,
            results: HashMap::new(),
        };
        Ok(Pool { office: Rc::new(RefCell::new(office)), open: true })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        if !self.open {
            return Err(io::Error::from(io::ErrorKind::NotConnected));
        }
        let mut office = self.office.borrow_mut();
        let number = office.submitted;
        office.submitted += 1;
        office.waiting.push_back((number, input));
        office.listen(PollTimeout::ZERO)?;
        office.give_out()?;
        Ok(Handle { number, office: Rc::clone(&self.office) })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.open = false;
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        let mut office = self.office.borrow_mut();
        while office.results.len() < office.submitted {
            office.listen(PollTimeout::NONE)?;
            office.give_out()?;
        }
        for Worker { pid, line, .. } in office.workers.drain(..) {
            drop(line);
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
    pub fn get(self) -> io::Result<i64> {
        let mut office = self.office.borrow_mut();
        while !office.results.contains_key(&self.number) {
            office.listen(PollTimeout::NONE)?;
            office.give_out()?;
        }
        Ok(office.results[&self.number])
    }
}

impl Office {
    /// Sends waiting tasks to workers that have none.
    fn give_out(&mut self) -> io::Result<()> {
        for worker in self.workers.iter_mut().filter(|worker| worker.busy_with.is_none()) {
            let Some((number, input)) = self.waiting.pop_front() else { break };
            worker.line.write_all(&input.to_ne_bytes())?;
            worker.busy_with = Some(number);
        }
        Ok(())
    }

    /// Takes the answers that are there, and waits for one as long as `timeout` says.
    fn listen(&mut self, timeout: PollTimeout) -> io::Result<()> {
        let lines = self.workers.iter().map(|worker| worker.line.as_fd());
        let mut polled: Vec<_> = lines.map(|line| PollFd::new(line, PollFlags::POLLIN)).collect();
        // A signal may come in between.
        while let Err(error) = poll(&mut polled, timeout) {
            if error != nix::errno::Errno::EINTR {
                return Err(error.into());
            }
        }
        let ready: Vec<bool> = polled.iter().map(|fd| fd.any().unwrap_or(false)).collect();
        for (worker, _) in self.workers.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            let mut answer = [0; 8];
            worker.line.read_exact(&mut answer)?;
            if let Some(number) = worker.busy_with.take() {
                self.results.insert(number, i64::from_ne_bytes(answer));
            }
        }
        Ok(())
    }
}

fn work(mut line: UnixStream, task: impl Fn(i64) -> i64) -> io::Result<()> {
    let mut input = [0; 8];
    while line.read_exact(&mut input).is_ok() {
        line.write_all(&task(i64::from_ne_bytes(input)).to_ne_bytes())?;
    }
    Ok(())
}
