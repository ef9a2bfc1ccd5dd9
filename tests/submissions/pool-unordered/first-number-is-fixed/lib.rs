//! A parallel map in which each worker begins with a number of its own.

use std::io::{self, PipeReader, Read, Write};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::errno::Errno;
use nix::libc::c_void;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use std::ptr::NonNull;

const SIZE: NonZeroUsize = NonZeroUsize::new(64).unwrap();

struct Shared(NonNull<c_void>);

impl Shared {
    fn new(start: usize) -> io::Result<Self> {
        let prot = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let shared = Shared(unsafe { mmap_anonymous(None, SIZE, prot, MapFlags::MAP_SHARED) }?);
        shared.counter().store(start, Ordering::SeqCst);
        Ok(shared)
    }
    fn counter(&self) -> &AtomicUsize {
        unsafe { self.0.cast().as_ref() }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = unsafe { munmap(self.0, SIZE.get()) };
    }
}

pub struct Results {
    pipe: PipeReader,
    to_come: usize,
    children: Vec<Pid>,
    _shared: Shared,
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let shared = Shared::new(workers)?;
    let (pipe, mut writer) = io::pipe()?;
    let mut children = vec![];
    for me in 0..workers {
        // SAFETY: the process has one thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                let mut place = me;
                while place < input.len() {
                    let result = task(input[place]);
                    if writer.write_all(&result.to_ne_bytes()).is_err() {
                        break;
                    }
                    place = shared.counter().fetch_add(1, Ordering::SeqCst);
                }
                std::process::exit(0);
            }
            ForkResult::Parent { child } => children.push(child),
        }
    }
    Ok(Results { pipe, to_come: input.len(), children, _shared: shared })
}

impl Results {
    fn gather(&mut self) {
        for child in std::mem::take(&mut self.children) {
            while let Err(Errno::EINTR) = waitpid(child, None) {}
        }
    }
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.to_come == 0 {
            self.gather();
            return None;
        }
        self.to_come -= 1;
        let mut bytes = [0; 8];
        Some(self.pipe.read_exact(&mut bytes).map(|()| i64::from_ne_bytes(bytes)))
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for &child in &self.children {
            let _ = kill(child, Signal::SIGKILL);
        }
        self.gather();
    }
}
