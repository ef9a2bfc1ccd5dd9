//! A pool whose workers write the texts of errors into files in memory.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::time::{Duration, Instant};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    TimedOut,
    Error(String),
    Lost,
    Dropped,
}

type Outcome = Result<i64, Failure>;

struct Job {
    input: i64,
    callback: Box<dyn FnOnce(i64) + Send>,
    outcome: Rc<RefCell<Option<Outcome>>>,
}

impl Job {
    fn done(self, outcome: Outcome) {
        if let Ok(v) = &outcome {
            (self.callback)(*v);
        }
        *self.outcome.borrow_mut() = Some(outcome);
    }
}

struct Worker {
    pid: libc::pid_t,
    to: PipeWriter,
    notes: PipeReader,
    pad: File,
    job: Option<Job>,
}

impl Worker {
    fn read_note(&mut self) -> io::Result<Outcome> {
        let mut note = [0; 16];
        self.notes.read_exact(&mut note)?;
        let kind = i64::from_ne_bytes(note[..8].try_into().unwrap());
        let number = i64::from_ne_bytes(note[8..].try_into().unwrap());
        if kind == 0 {
            return Ok(Ok(number));
        }
        let mut text = vec![0; number as usize];
        self.pad.read_exact_at(&mut text, 0)?;
        Ok(Err(Failure::Error(String::from_utf8_lossy(&text).into_owned())))
    }
}

#[derive(Default)]
struct Shop {
    alive: RefCell<Vec<Worker>>,
    dead: RefCell<Vec<libc::pid_t>>,
    queue: RefCell<VecDeque<Job>>,
    shut: Cell<bool>,
}

impl Shop {
    fn buried(&self, place: usize) -> Option<Job> {
        let worker = self.alive.borrow_mut().swap_remove(place);
        self.dead.borrow_mut().push(worker.pid);
        worker.job
    }

    fn hand_out(&self) {
        let mut place = 0;
        while place < self.alive.borrow().len() {
            if self.alive.borrow()[place].job.is_some() {
                place += 1;
                continue;
            }
            let Some(job) = self.queue.borrow_mut().pop_front() else { return };
            let sent = self.alive.borrow_mut()[place].to.write_all(&job.input.to_ne_bytes());
            if sent.is_ok() {
                self.alive.borrow_mut()[place].job = Some(job);
                place += 1;
            } else {
                // let another one do it
                self.queue.borrow_mut().push_front(job);
                self.buried(place);
            }
        }
        if self.alive.borrow().is_empty() {
            let left = std::mem::take(&mut *self.queue.borrow_mut());
            left.into_iter().for_each(|job| job.done(Err(Failure::Lost)));
        }
    }

    /// Hands out, waits at most so long (or for ever), takes what is there, hands out.
    fn turn(&self, wait: Option<Duration>) -> io::Result<bool> {
        self.hand_out();
        let mut fds: Vec<libc::pollfd> = self
            .alive
            .borrow()
            .iter()
            .map(|w| libc::pollfd { fd: w.notes.as_raw_fd(), events: libc::POLLIN, revents: 0 })
            .collect();
        if fds.is_empty() {
            return Ok(false);
        }
        let spec = wait.map(|w| libc::timespec {
            tv_sec: libc::time_t::try_from(w.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: w.subsec_nanos() as libc::c_long,
        });
        let pointer = spec.as_ref().map_or(std::ptr::null(), |s| s as *const libc::timespec);
        let n = unsafe {
            libc::ppoll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, pointer, std::ptr::null())
        };
        if n < 0 {
            let e = io::Error::last_os_error();
            return if e.kind() == io::ErrorKind::Interrupted { Ok(true) } else { Err(e) };
        }
        let mut finished = vec![];
        // from behind, because swap_remove moves only what we have seen already
        for place in (0..fds.len()).rev().filter(|&p| fds[p].revents != 0) {
            let note = self.alive.borrow_mut()[place].read_note();
            let (job, outcome) = match note {
                Ok(outcome) => (self.alive.borrow_mut()[place].job.take(), outcome),
                Err(_) => (self.buried(place), Err(Failure::Lost)),
            };
            finished.extend(job.map(|j| (j, outcome)));
        }
        self.hand_out();
        for (job, outcome) in finished {
            job.done(outcome);
        }
        Ok(n > 0)
    }
}

pub struct Pool {
    shop: Rc<Shop>,
}

pub struct Handle {
    shop: Rc<Shop>,
    outcome: Rc<RefCell<Option<Outcome>>>,
}

fn serve(
    mut from: PipeReader,
    mut notes: PipeWriter,
    pad: &File,
    task: &impl Fn(i64) -> Result<i64, String>,
) -> io::Result<()> {
    let mut input = [0; 8];
    loop {
        from.read_exact(&mut input)?;
        let (kind, number) = match task(i64::from_ne_bytes(input)) {
            Ok(value) => (0i64, value),
            Err(text) => {
                pad.write_all_at(text.as_bytes(), 0)?;
                (1, text.len() as i64)
            }
        };
        notes.write_all(&[kind.to_ne_bytes(), number.to_ne_bytes()].concat())?;
    }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let shop = Rc::new(Shop::default());
        for _ in 0..workers {
            let (from, to) = io::pipe()?;
            let (notes, out) = io::pipe()?;
            let fd = unsafe { libc::memfd_create(c"notepad".as_ptr(), libc::MFD_CLOEXEC) };
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            let pad = unsafe { File::from_raw_fd(fd) };
            match unsafe { libc::fork() } {
                -1 => return Err(io::Error::last_os_error()),
                0 => {
                    drop((to, notes));
                    shop.alive.borrow_mut().clear();
                    let _ = serve(from, out, &pad, &task);
                    unsafe { libc::_exit(0) }
                }
                pid => shop.alive.borrow_mut().push(Worker { pid, to, notes, pad, job: None }),
            }
        }
        Ok(Pool { shop })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        if self.shop.shut.get() {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "closed"));
        }
        let outcome = Rc::default();
        let job = Job { input, callback: Box::new(callback), outcome: Rc::clone(&outcome) };
        self.shop.queue.borrow_mut().push_back(job);
        self.shop.turn(Some(Duration::ZERO))?;
        self.shop.hand_out();
        Ok(Handle { shop: Rc::clone(&self.shop), outcome })
    }

    pub fn close(&mut self) {
        self.shop.shut.set(true);
    }

    pub fn terminate(&mut self) {
        self.shop.shut.set(true);
        let mut orphans = Vec::new();
        while !self.shop.alive.borrow().is_empty() {
            let last = self.shop.alive.borrow().len() - 1;
            unsafe { libc::kill(self.shop.alive.borrow()[last].pid, libc::SIGKILL) };
            orphans.extend(self.shop.buried(last));
        }
        orphans.extend(self.shop.queue.borrow_mut().drain(..));
        orphans.into_iter().for_each(|job| job.done(Err(Failure::Dropped)));
    }

    pub fn join(&mut self) -> io::Result<()> {
        if !self.shop.shut.get() {
            return Err(io::Error::other("the pool is open"));
        }
        loop {
            self.shop.hand_out();
            if self.shop.alive.borrow().iter().all(|w| w.job.is_none()) {
                break;
            }
            self.shop.turn(None)?;
        }
        while !self.shop.alive.borrow().is_empty() {
            // closes its pipes, which ends it
            self.shop.buried(0);
        }
        for pid in self.shop.dead.take() {
            while unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) } != pid {
                let e = io::Error::last_os_error();
                if e.kind() != io::ErrorKind::Interrupted {
                    return Err(e);
                }
            }
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let start = Instant::now();
        loop {
            if let Some(known) = &*self.outcome.borrow() {
                return known.clone();
            }
            let left = timeout.map(|t| t.saturating_sub(start.elapsed()));
            if left == Some(Duration::ZERO) {
                return Err(Failure::TimedOut);
            }
            if self.shop.turn(left).is_err() {
                return Err(Failure::Lost);
            }
        }
    }
}
