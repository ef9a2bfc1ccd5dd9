//! Workers draw their numbers by a counter in shared memory that has a name.

use std::ffi::CStr;
use std::io::{self, PipeReader, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};

const NAME: &CStr = c"/pool_unordered";

/// open (or make) the shared memory, map it, close the descriptor
fn shared_counter() -> io::Result<&'static AtomicU64> {
    unsafe {
        let fd = libc::shm_open(NAME.as_ptr(), libc::O_CREAT | libc::O_RDWR, 0o600);
        if fd == -1 {
            return Err(io::Error::last_os_error());
        }
        if libc::ftruncate(fd, 8) == -1 {
            return Err(io::Error::last_os_error());
        }
        let p = libc::mmap(
            std::ptr::null_mut(),
            8,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            fd,
            0,
        );
        libc::close(fd);
        if p == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(&*(p as *const AtomicU64))
    }
}

pub struct Results {
    pipe: PipeReader,
    pids: Vec<i32>,
    counter: &'static AtomicU64,
    rest: usize,
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let counter = shared_counter()?;
    counter.store(0, Ordering::Release);
    let (pipe, mut writer) = io::pipe()?;
    let mut pids = Vec::new();
    for _ in 0..workers {
        let pid = unsafe { libc::fork() };
        match pid {
            -1 => return Err(io::Error::last_os_error()),
            0 => {
                drop(pipe);
                loop {
                    let place = counter.fetch_add(1, Ordering::AcqRel) as usize;
                    let Some(number) = input.get(place) else { break };
                    let result = task(*number);
                    if writer.write_all(&result.to_le_bytes()).is_err() {
                        break;
                    }
                }
                unsafe { libc::_exit(0) };
            }
            _ => pids.push(pid),
        }
    }
    Ok(Results { pipe, pids, counter, rest: input.len() })
}

impl Results {
    fn wait(&mut self) {
        for pid in std::mem::take(&mut self.pids) {
            loop {
                let rc = unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
                if rc == pid || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                    break;
                }
            }
        }
    }
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest == 0 {
            self.wait();
            return None;
        }
        let mut buf = [0; 8];
        match self.pipe.read_exact(&mut buf) {
            Ok(_) => {
                self.rest -= 1;
                Some(Ok(i64::from_le_bytes(buf)))
            }
            Err(e) => Some(Err(e)),
        }
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for pid in &self.pids {
            unsafe { libc::kill(*pid, libc::SIGKILL) };
        }
        self.wait();
        unsafe {
            libc::munmap(self.counter as *const AtomicU64 as *mut libc::c_void, 8);
            libc::shm_unlink(NAME.as_ptr());
        }
    }
}
