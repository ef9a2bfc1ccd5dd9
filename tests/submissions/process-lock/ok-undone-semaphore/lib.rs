//! A semaphore of System V with one permit. The kernel remembers what a process did to it, and
//! undoes it when the process ends.

use std::io;
use std::process::id;

pub struct ProcessLock {
    set: libc::c_int,
    maker: u32,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        // SAFETY: ordinary calls, which touch no memory of ours.
        let set = unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) };
        if set == -1 || unsafe { libc::semctl(set, 0, libc::SETVAL, 1) } == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(ProcessLock { set, maker: id() })
    }

    fn change(&self, by: i16, flags: libc::c_int) -> io::Result<()> {
        let flags = (flags | libc::SEM_UNDO) as i16;
        let mut change = libc::sembuf { sem_num: 0, sem_op: by, sem_flg: flags };
        loop {
            // SAFETY: one change, which lives until the call returns.
            if unsafe { libc::semop(self.set, &mut change, 1) } == 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        self.change(-1, 0)
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match self.change(-1, libc::IPC_NOWAIT) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.change(1, 0)
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        if self.maker == id() {
            // SAFETY: an ordinary call; whoever made the set removes it.
            unsafe { libc::semctl(self.set, 0, libc::IPC_RMID) };
        }
    }
}

struct Held<'a>(&'a ProcessLock);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.release().expect("this process holds the lock");
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    let _held = Held(lock);
    job()
}
