use std::io;

use std::io::{PipeReader, PipeWriter, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

pub struct Semaphore {
    reader: PipeReader,
    writer: PipeWriter,
}

/// No signal comes through while this lives.
struct Quiet {
    before: libc::sigset_t,
}

impl Quiet {
    fn new() -> Quiet {
        unsafe {
            let mut all = MaybeUninit::uninit();
            let mut before = MaybeUninit::uninit();
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            Quiet { before: before.assume_init() }
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut()) };
    }
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(&vec![b'*'; permits])?;
        Ok(Semaphore { reader, writer })
    }

    pub fn acquire(&self) -> io::Result<()> {
        // so there is no EINTR either
        let _quiet = Quiet::new();
        let mut byte = 0u8;
        match unsafe { libc::read(self.reader.as_raw_fd(), (&raw mut byte).cast(), 1) } {
            1 => Ok(()),
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.writer).write_all(b"*")
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut bytes: libc::c_int = 0;
        match unsafe { libc::ioctl(self.reader.as_raw_fd(), libc::FIONREAD, &raw mut bytes) } {
            0 => Ok(bytes as usize),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

struct Permit<'a>(&'a Semaphore);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _permit = Permit(semaphore);
    job()
}
