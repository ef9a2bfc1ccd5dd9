//! Results are packets on a socket that all workers share; numbers are drawn by fetch_add.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::errno::Errno;
use nix::sys::signal::{SIGKILL, kill};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

struct Counter(*mut libc::c_void);

impl Counter {
    const LEN: usize = std::mem::size_of::<AtomicUsize>();

    fn new() -> io::Result<Counter> {
        // SAFETY: a fresh anonymous mapping
        let p = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                Self::LEN,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if p == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(Counter(p)) }
    }

    fn next(&self) -> usize {
        // SAFETY: zeroed memory that lives as long as self
        let counter = unsafe { &*self.0.cast::<AtomicUsize>() };
        counter.fetch_add(1, Ordering::SeqCst)
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        // SAFETY: mapped in new
        unsafe { libc::munmap(self.0, Self::LEN) };
    }
}

pub struct Results {
    socket: OwnedFd,
    crew: Crew,
    to_come: usize,
}

struct Crew(Vec<Pid>);

impl Crew {
    fn wait(&mut self) {
        while let Some(pid) = self.0.pop() {
            loop {
                match waitpid(pid, None) {
                    Err(Errno::EINTR) => continue,
                    _ => break,
                }
            }
        }
    }

    fn end(&mut self) {
        self.0.iter().for_each(|pid| {
            let _ = kill(*pid, SIGKILL);
        });
        self.wait();
    }
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let counter = Counter::new()?;
    let flags = SockFlag::SOCK_CLOEXEC;
    let (socket, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?;
    let mut results = Results { socket, crew: Crew(vec![]), to_come: input.len() };
    for _ in 0..workers {
        // SAFETY: one thread only
        match unsafe { fork() }? {
            ForkResult::Child => {
                let run = || {
                    while let Some(&number) = input.get(counter.next()) {
                        let message = task(number).to_le_bytes();
                        loop {
                            match send(theirs.as_raw_fd(), &message, MsgFlags::MSG_NOSIGNAL) {
                                Err(Errno::EINTR) => {}
                                Err(_) => return 1,
                                Ok(_) => break,
                            }
                        }
                    }
                    0
                };
                let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
                std::process::exit(code.unwrap_or(101));
            }
            ForkResult::Parent { child } => results.crew.0.push(child),
        }
    }
    Ok(results)
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.to_come == 0 {
            self.crew.wait();
            return None;
        }
        let mut message = [0u8; 8];
        loop {
            match recv(self.socket.as_raw_fd(), &mut message, MsgFlags::empty()) {
                Err(Errno::EINTR) => continue,
                Ok(8) => {
                    self.to_come -= 1;
                    return Some(Ok(i64::from_le_bytes(message)));
                }
                Ok(_) => {
                    self.to_come = 0;
                    return Some(Err(io::Error::other("all workers are gone")));
                }
                Err(e) => {
                    self.to_come = 0;
                    self.crew.end();
                    return Some(Err(e.into()));
                }
            }
        }
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        self.crew.end();
    }
}
