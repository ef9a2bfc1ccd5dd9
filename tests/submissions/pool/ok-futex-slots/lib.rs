//! Results stand in shared memory, each with a futex of its own; a pipe holds the numbers of tasks.

//! Every outstanding task owns a slot in shared memory; a slot's state word is a futex.
use std::cell::RefCell;
use std::io::{self, PipeWriter, Read, Write};
use std::num::NonZeroUsize;
use std::process;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

const SLOTS: usize = 2048;
const PENDING: u32 = 1;
const DONE: u32 = 2;

#[repr(C)]
struct Slot {
    state: AtomicU32,
    input: AtomicI64,
    result: AtomicI64,
}

/// The shared mapping plus the bookkeeping, of which only the parent's copy counts.
struct Board {
    at: NonNull<libc::c_void>,
    free: RefCell<Vec<u32>>,
    orphans: RefCell<Vec<u32>>,
}

impl Board {
    fn new() -> io::Result<Board> {
        let len = NonZeroUsize::new(SLOTS * size_of::<Slot>()).unwrap();
        let at = unsafe {
            mmap_anonymous(
                None,
                len,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_SHARED,
            )
        }?;
        let free = RefCell::new((0..SLOTS as u32).rev().collect());
        Ok(Board { at, free, orphans: RefCell::new(Vec::new()) })
    }
    fn slot(&self, index: u32) -> &Slot {
        assert!((index as usize) < SLOTS);
        unsafe { &*self.at.as_ptr().cast::<Slot>().add(index as usize) }
    }
    fn allocate(&self) -> Option<u32> {
        if self.free.borrow().is_empty() {
            let mut free = self.free.borrow_mut();
            self.orphans.borrow_mut().retain(|&orphan| {
                let done = self.slot(orphan).state.load(Ordering::Acquire) == DONE;
                if done {
                    free.push(orphan);
                }
                !done
            });
        }
        self.free.borrow_mut().pop()
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = unsafe { munmap(self.at, SLOTS * size_of::<Slot>()) };
    }
}

fn futex(word: &AtomicU32, op: libc::c_int, value: u32) {
    // EINTR and EAGAIN: the caller looks again.
    unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), op, value, ptr::null::<libc::timespec>())
    };
}

pub struct Pool {
    board: Rc<Board>,
    queue: Option<PipeWriter>,
    workers: Vec<Pid>,
}

pub struct Handle {
    board: Rc<Board>,
    slot: u32,
    read: bool,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let board = Rc::new(Board::new()?);
        let (mut reader, writer) = io::pipe()?;
        let mut pids = Vec::with_capacity(workers);
        for _ in 0..workers {
            match unsafe { fork() }? {
                ForkResult::Parent { child } => pids.push(child),
                ForkResult::Child => {
                    drop(writer);
                    let mut index = [0; 4];
                    while reader.read_exact(&mut index).is_ok() {
                        let slot = board.slot(u32::from_ne_bytes(index));
                        slot.result
                            .store(task(slot.input.load(Ordering::Acquire)), Ordering::Relaxed);
                        slot.state.store(DONE, Ordering::Release);
                        futex(&slot.state, libc::FUTEX_WAKE, 1);
                    }
                    process::exit(0)
                }
            }
        }
        Ok(Pool { board, queue: Some(writer), workers: pids })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let Some(queue) = &mut self.queue else {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the pool is closed"));
        };
        let index = self.board.allocate().ok_or(io::ErrorKind::WouldBlock)?;
        let slot = self.board.slot(index);
        slot.input.store(input, Ordering::Relaxed);
        slot.state.store(PENDING, Ordering::Release);
        queue.write_all(&index.to_ne_bytes())?;
        Ok(Handle { board: Rc::clone(&self.board), slot: index, read: false })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.queue = None;
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        for pid in self.workers.drain(..) {
            loop {
                match waitpid(pid, None) {
                    Err(Errno::EINTR) => continue,
                    other => {
                        other?;
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(mut self) -> io::Result<i64> {
        let slot = self.board.slot(self.slot);
        while slot.state.load(Ordering::Acquire) != DONE {
            futex(&slot.state, libc::FUTEX_WAIT, PENDING);
        }
        let result = slot.result.load(Ordering::Relaxed);
        self.read = true;
        Ok(result)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let list = if self.read { &self.board.free } else { &self.board.orphans };
        list.borrow_mut().push(self.slot);
    }
}
