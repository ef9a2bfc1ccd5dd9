//! A pool over a table in shared memory: inputs on the left, results on the right.
//!
//! A semaphore counts the tasks that nobody has taken, an atomic counter says which is
//! next, and each place has a semaphore of its own that says when its result is there.

use std::cell::UnsafeCell;
use std::io;
use std::num::NonZeroUsize;
use std::process::exit;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

const PLACES: usize = 4096;

pub struct Pool {
    table: &'static Table,
    workers: Vec<Pid>,
    submitted: usize,
    open: bool,
}

pub struct Handle {
    place: &'static Place,
}

struct Table {
    ready: Semaphore,
    next: AtomicUsize,
    submitted: AtomicUsize,
    places: [Place; PLACES],
}

impl Table {
    /// Whether no task will ever have this number.
    fn is_past(&self, number: usize) -> bool {
        number >= self.submitted.load(Ordering::Acquire)
    }
}

struct Place {
    input: AtomicI64,
    result: AtomicI64,
    done: Semaphore,
}

struct Semaphore(UnsafeCell<libc::sem_t>);

// SAFETY: a POSIX semaphore is made to be used by several threads at once.
unsafe impl Sync for Semaphore {}

impl Semaphore {
    fn init(&self) -> io::Result<()> {
        // SAFETY: the memory is shared, zeroed, and stays mapped as long as the process lives.
        checked(unsafe { libc::sem_init(self.0.get(), 1, 0) })
    }

    fn post(&self) -> io::Result<()> {
        // SAFETY: `init` made it.
        checked(unsafe { libc::sem_post(self.0.get()) })
    }

    fn wait(&self) -> io::Result<()> {
        loop {
            // SAFETY: `init` made it.
            match checked(unsafe { libc::sem_wait(self.0.get()) }) {
                // A signal came in between.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                waited => return waited,
            }
        }
    }
}

fn checked(returned: i32) -> io::Result<()> {
    if returned == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let table = map()?;
        let mut pids = Vec::new();
        for _ in 0..workers {
            // SAFETY: this process has a single thread.
            match unsafe { fork() }? {
                ForkResult::Child => exit(i32::from(work(table, task).is_err())),
                ForkResult::Parent { child } => pids.push(child),
            }
        }
        Ok(Pool { table, workers: pids, submitted: 0, open: true })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        if !self.open || self.submitted == PLACES {
            return Err(io::Error::other("closed, or too many tasks"));
        }
        let place = &self.table.places[self.submitted];
        self.submitted += 1;
        place.input.store(input, Ordering::Release);
        self.table.submitted.store(self.submitted, Ordering::Release);
        self.table.ready.post()?;
        Ok(Handle { place })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.open = false;
        // One for each worker, to be found when nothing else is left.
        for _ in &self.workers {
            self.table.ready.post()?;
        }
        Ok(())
    }

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
    pub fn get(self) -> io::Result<i64> {
        self.place.done.wait()?;
        Ok(self.place.result.load(Ordering::Acquire))
    }
}

fn map() -> io::Result<&'static Table> {
    let size = NonZeroUsize::new(size_of::<Table>()).expect("a table takes room");
    let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a mapping of its own, at an address of the kernel's choice.
    let memory: NonNull<_> =
        unsafe { mmap_anonymous(None, size, protection, MapFlags::MAP_SHARED) }?;
    // SAFETY: aligned to a page, zeroed, as large as the table, and never unmapped.
    let table = unsafe { memory.cast::<Table>().as_ref() };
    table.ready.init()?;
    for place in &table.places {
        place.done.init()?;
    }
    Ok(table)
}

fn work(table: &Table, task: impl Fn(i64) -> i64) -> io::Result<()> {
    loop {
        table.ready.wait()?;
        let number = table.next.fetch_add(1, Ordering::AcqRel);
        // More posts than tasks: those of `close`. What was submitted comes first.
        let Some(place) = table.places.get(number).filter(|_| !table.is_past(number)) else {
            return Ok(());
        };
        place.result.store(task(place.input.load(Ordering::Acquire)), Ordering::Release);
        place.done.post()?;
    }
}
