//! A pool over shared memory: a ring of tasks, and a place for each whose result is unread.
//!
//! A semaphore counts the tasks that nobody has taken, an atomic counter says which is next, and
//! each place has a semaphore that says when its result is there. A place that was read, or whose
//! handle was dropped, is used again.

use std::cell::{RefCell, UnsafeCell};
use std::io;
use std::num::NonZeroUsize;
use std::process::exit;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

const PLACES: usize = 2048;
const RING: usize = 2 * PLACES;
/// In the ring in place of a place: the worker that takes it ends.
const END: usize = usize::MAX;

pub struct Pool {
    table: &'static Table,
    places: Rc<RefCell<Places>>,
    workers: Vec<Pid>,
    submitted: usize,
    open: bool,
}

pub struct Handle {
    table: &'static Table,
    places: Rc<RefCell<Places>>,
    place: usize,
    read: bool,
}

/// What the parent knows of the places.
struct Places {
    free: Vec<usize>,
    /// Their handles were dropped, and their tasks are perhaps not done.
    given_up: Vec<usize>,
}

struct Table {
    ready: Semaphore,
    next: AtomicUsize,
    ring: [AtomicUsize; RING],
    places: [Place; PLACES],
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

    fn try_wait(&self) -> bool {
        // SAFETY: `init` made it.
        unsafe { libc::sem_trywait(self.0.get()) == 0 }
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
        let places = Places { free: (0..PLACES).collect(), given_up: vec![] };
        let places = Rc::new(RefCell::new(places));
        Ok(Pool { table, places, workers: pids, submitted: 0, open: true })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        if !self.open {
            return Err(io::Error::other("closed"));
        }
        let place = self.free_place().ok_or(io::Error::other("too many results are unread"))?;
        self.table.places[place].input.store(input, Ordering::Release);
        self.put(place)?;
        Ok(Handle { table: self.table, places: Rc::clone(&self.places), place, read: false })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.open = false;
        for _ in 0..self.workers.len() {
            self.put(END)?;
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

    fn put(&mut self, place: usize) -> io::Result<()> {
        self.table.ring[self.submitted % RING].store(place, Ordering::Release);
        self.submitted += 1;
        self.table.ready.post()
    }

    fn free_place(&self) -> Option<usize> {
        let Places { free, given_up } = &mut *self.places.borrow_mut();
        if free.is_empty() {
            let done = given_up.extract_if(.., |place| self.table.places[*place].done.try_wait());
            free.extend(done);
        }
        free.pop()
    }
}

impl Handle {
    pub fn get(mut self) -> io::Result<i64> {
        let place = &self.table.places[self.place];
        place.done.wait()?;
        self.read = true;
        Ok(place.result.load(Ordering::Acquire))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut places = self.places.borrow_mut();
        if self.read { places.free.push(self.place) } else { places.given_up.push(self.place) }
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
        let next = table.next.fetch_add(1, Ordering::AcqRel);
        let place = table.ring[next % RING].load(Ordering::Acquire);
        // Nothing stands there: that was the end.
        let Some(place) = table.places.get(place) else { return Ok(()) };
        place.result.store(task(place.input.load(Ordering::Acquire)), Ordering::Release);
        place.done.post()?;
    }
}
