//! Results go through a ring in shared memory, under a mutex and condition variables of pthreads that processes share.

use std::io;
use std::mem::{self, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use libc::{pthread_cond_t, pthread_mutex_t};

const ROOM: usize = 500;

#[repr(C)]
struct Monitor {
    mutex: pthread_mutex_t,
    not_empty: pthread_cond_t,
    not_full: pthread_cond_t,
    next_place: usize,
    first: usize,
    count: usize,
    ring: [i64; ROOM],
}

/// The mapping. Only pointers are passed about, never references to the whole.
struct Shared(*mut Monitor);

impl Shared {
    fn new() -> io::Result<Shared> {
        unsafe {
            let memory = libc::mmap(
                ptr::null_mut(),
                mem::size_of::<Monitor>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if memory == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let monitor = memory.cast::<Monitor>(); // all zero
            let mut attr = MaybeUninit::uninit();
            libc::pthread_mutexattr_init(attr.as_mut_ptr());
            libc::pthread_mutexattr_setpshared(attr.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutex_init(&raw mut (*monitor).mutex, attr.as_ptr());
            libc::pthread_mutexattr_destroy(attr.as_mut_ptr());
            let mut attr = MaybeUninit::uninit();
            libc::pthread_condattr_init(attr.as_mut_ptr());
            libc::pthread_condattr_setpshared(attr.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_cond_init(&raw mut (*monitor).not_empty, attr.as_ptr());
            libc::pthread_cond_init(&raw mut (*monitor).not_full, attr.as_ptr());
            libc::pthread_condattr_destroy(attr.as_mut_ptr());
            Ok(Shared(monitor))
        }
    }

    /// Runs `f` with the lock held.
    fn locked<T>(&self, f: impl FnOnce(*mut Monitor) -> T) -> T {
        unsafe {
            libc::pthread_mutex_lock(&raw mut (*self.0).mutex);
            let value = f(self.0);
            libc::pthread_mutex_unlock(&raw mut (*self.0).mutex);
            value
        }
    }

    fn draw(&self) -> usize {
        self.locked(|m| unsafe {
            let place = (*m).next_place;
            (*m).next_place += 1;
            place
        })
    }

    fn put(&self, value: i64) {
        self.locked(|m| unsafe {
            while (*m).count == ROOM {
                libc::pthread_cond_wait(&raw mut (*m).not_full, &raw mut (*m).mutex);
            }
            let place = ((*m).first + (*m).count) % ROOM;
            (*m).ring[place] = value;
            (*m).count += 1;
            libc::pthread_cond_signal(&raw mut (*m).not_empty);
        })
    }

    fn get(&self) -> i64 {
        self.locked(|m| unsafe {
            while (*m).count == 0 {
                libc::pthread_cond_wait(&raw mut (*m).not_empty, &raw mut (*m).mutex);
            }
            let value = (*m).ring[(*m).first];
            (*m).first = ((*m).first + 1) % ROOM;
            (*m).count -= 1;
            libc::pthread_cond_signal(&raw mut (*m).not_full);
            value
        })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.0.cast(), mem::size_of::<Monitor>()) };
    }
}

pub struct Results {
    shared: Shared,
    missing: usize,
    pids: Vec<libc::pid_t>,
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let mut results = Results { shared: Shared::new()?, missing: input.len(), pids: Vec::new() };
    for _ in 0..workers {
        match unsafe { libc::fork() } {
            -1 => return Err(io::Error::last_os_error()),
            0 => {
                let shared = &results.shared;
                let ok = catch_unwind(AssertUnwindSafe(|| {
                    loop {
                        let place = shared.draw();
                        if place >= input.len() {
                            break;
                        }
                        shared.put(task(input[place]));
                    }
                }));
                unsafe { libc::_exit(ok.is_err() as i32) }
            }
            pid => results.pids.push(pid),
        }
    }
    Ok(results)
}

impl Results {
    fn reap(&mut self) {
        while let Some(pid) = self.pids.pop() {
            let mut status = 0;
            while unsafe { libc::waitpid(pid, &mut status, 0) } == -1
                && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
            {}
        }
    }
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.missing == 0 {
            self.reap();
            None
        } else {
            self.missing -= 1;
            Some(Ok(self.shared.get()))
        }
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for pid in self.pids.iter() {
            unsafe { libc::kill(*pid, libc::SIGKILL) };
        }
        self.reap();
    }
}
