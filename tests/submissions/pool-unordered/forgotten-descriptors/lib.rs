//! Raw descriptors that nobody closes: some stay open after each call.

use std::io;
use std::os::fd::{IntoRawFd, RawFd};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Results {
    fd: RawFd,
    pids: Vec<Pid>,
    left: usize,
}

fn get(fd: RawFd) -> io::Result<i64> {
    let mut b = [0u8; 8];
    let mut have = 0;
    while have < 8 {
        let r = unsafe { libc::read(fd, b[have..].as_mut_ptr().cast(), 8 - have) };
        match r {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            r if r > 0 => have += r as usize,
            _ => {
                let e = io::Error::last_os_error();
                if e.kind() != io::ErrorKind::Interrupted {
                    return Err(e);
                }
            }
        }
    }
    Ok(i64::from_ne_bytes(b))
}

fn put(fd: RawFd, n: i64) -> io::Result<()> {
    let b = n.to_ne_bytes();
    loop {
        // eight bytes go in as one piece
        if unsafe { libc::write(fd, b.as_ptr().cast(), 8) } == 8 {
            return Ok(());
        }
        let e = io::Error::last_os_error();
        if e.kind() != io::ErrorKind::Interrupted {
            return Err(e);
        }
    }
}

fn pipe() -> io::Result<(RawFd, RawFd)> {
    let (r, w) = io::pipe()?;
    Ok((r.into_raw_fd(), w.into_raw_fd()))
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let turn = pipe()?;
    let home = pipe()?;
    put(turn.1, 0)?;
    let mut pids = Vec::new();
    for _ in 0..workers {
        match unsafe { fork() }? {
            ForkResult::Child => {
                while let Ok(place) = get(turn.0) {
                    let _ = put(turn.1, place + 1);
                    let Some(&n) = input.get(place as usize) else { break };
                    let _ = put(home.1, task(n));
                }
                std::process::exit(0);
            }
            ForkResult::Parent { child } => pids.push(child),
        }
    }
    unsafe { libc::close(home.1) };
    Ok(Results { fd: home.0, pids, left: input.len() })
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            for pid in self.pids.drain(..) {
                let _ = waitpid(pid, None);
            }
            return None;
        }
        self.left -= 1;
        Some(get(self.fd))
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for pid in self.pids.drain(..) {
            let _ = kill(pid, Signal::SIGKILL);
            let _ = waitpid(pid, None);
        }
    }
}
