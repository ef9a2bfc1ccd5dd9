//! The number is kept in a file in memory under a record lock, below zero if somebody waits. A permit that
//! somebody waits for is handed over through a pipe.
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::fs::FileExt;

use nix::fcntl::{FcntlArg, fcntl};

pub struct Semaphore {
    file: File,
    handed: PipeReader,
    hand: PipeWriter,
}

fn lock_of(kind: i32) -> libc::flock {
    libc::flock { l_type: kind as i16, l_whence: 0, l_start: 0, l_len: 0, l_pid: 0 }
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        // SAFETY: a name that ends with a zero.
        let descriptor = unsafe { libc::memfd_create(c"permits".as_ptr(), libc::MFD_CLOEXEC) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: new.
        let file = unsafe { File::from_raw_fd(descriptor) };
        file.write_all_at(&(permits as i64).to_le_bytes(), 0)?;
        let (handed, hand) = io::pipe()?;
        Ok(Semaphore { file, handed, hand })
    }

    fn read(&self) -> io::Result<i64> {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, 0)?;
        Ok(i64::from_le_bytes(bytes))
    }

    /// Adds to the number; says what it was.
    fn add(&self, difference: i64) -> io::Result<i64> {
        loop {
            match fcntl(&self.file, FcntlArg::F_SETLKW(&lock_of(libc::F_WRLCK))) {
                Ok(_) => break,
                Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let before = self.read();
        let done = match before {
            Ok(before) => {
                self.file.write_all_at(&(before + difference).to_le_bytes(), 0).map(|()| before)
            }
            Err(error) => Err(error),
        };
        fcntl(&self.file, FcntlArg::F_SETLK(&lock_of(libc::F_UNLCK)))?;
        done
    }

    pub fn acquire(&self) -> io::Result<()> {
        if self.add(-1)? <= 0 {
            (&self.handed).read_exact(&mut [0])?;
        }
        Ok(())
    }

    pub fn release(&self) -> io::Result<()> {
        if self.add(1)? < 0 {
            (&self.hand).write_all(b"!")?;
        }
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        Ok(self.read()? as usize)
    }
}

struct OnTheWayOut<'s> {
    semaphore: &'s Semaphore,
}

impl Drop for OnTheWayOut<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.semaphore.release() {
            eprintln!("{error}");
        }
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    match semaphore.acquire() {
        Err(error) => Err(error),
        Ok(()) => {
            let out = OnTheWayOut { semaphore };
            let value = job();
            drop(out);
            value
        }
    }
}
