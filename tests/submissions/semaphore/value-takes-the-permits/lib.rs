//! A semaphore in a pipe: every byte in it is a permit.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub struct Semaphore {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(&vec![b'p'; permits])?;
        Ok(Semaphore { reader, writer })
    }

    pub fn acquire(&self) -> io::Result<()> {
        (&self.reader).read_exact(&mut [0])
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.writer).write_all(b"p")
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut count = 0;
        while self.has_permits()? {
            self.acquire()?;
            count += 1;
        }
        Ok(count)
    }

    fn has_permits(&self) -> io::Result<bool> {
        let mut polled = [PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)];
        Ok(poll(&mut polled, PollTimeout::ZERO)? == 1)
    }
}

struct Guard<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.semaphore.release().expect("the pipe is open");
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _guard = Guard { semaphore };
    job()
}
