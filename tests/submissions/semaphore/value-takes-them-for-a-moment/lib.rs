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
        writer.write_all(&vec![1; permits])?;
        Ok(Semaphore { reader, writer })
    }

    pub fn acquire(&self) -> io::Result<()> {
        (&self.reader).read_exact(&mut [0])
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.writer).write_all(&[1])
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut count = 0;
        while poll(&mut [PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO)?
            > 0
        {
            self.acquire()?;
            count += 1;
        }
        for _ in 0..count {
            self.release()?;
        }
        Ok(count)
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
