//! A worker says -1 when it has no more numbers.

use std::io::{self, PipeReader, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Results {
    pipe: PipeReader,
    left: usize,
    pids: Vec<Pid>,
}
pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let counter: &AtomicUsize = unsafe {
        let memory = libc::mmap(
            std::ptr::null_mut(),
            8,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        &*memory.cast()
    };
    let (pipe, mut out) = io::pipe()?;
    let mut pids = Vec::new();
    for _ in 0..workers {
        match unsafe { fork() }? {
            ForkResult::Child => {
                loop {
                    let i = counter.fetch_add(1, Ordering::SeqCst);
                    if i >= input.len() {
                        break;
                    }
                    let result = task(input[i]);
                    out.write_all(&result.to_ne_bytes()).unwrap();
                }
                out.write_all(&(-1_i64).to_ne_bytes()).unwrap();
                std::process::exit(0)
            }
            ForkResult::Parent { child } => pids.push(child),
        }
    }
    Ok(Results { pipe, left: workers, pids })
}
impl Iterator for Results {
    type Item = io::Result<i64>;
    fn next(&mut self) -> Option<io::Result<i64>> {
        while self.left > 0 {
            let mut bytes = [0; 8];
            if let Err(error) = self.pipe.read_exact(&mut bytes) {
                return Some(Err(error));
            }
            match i64::from_ne_bytes(bytes) {
                -1 => self.left -= 1,
                result => return Some(Ok(result)),
            }
        }
        for pid in self.pids.drain(..) {
            if let Err(error) = waitpid(pid, None) {
                return Some(Err(error.into()));
            }
        }
        None
    }
}
impl Drop for Results {
    fn drop(&mut self) {
        for &pid in &self.pids {
            let _ = kill(pid, Signal::SIGKILL);
        }
        for pid in self.pids.drain(..) {
            let _ = waitpid(pid, None);
        }
    }
}
