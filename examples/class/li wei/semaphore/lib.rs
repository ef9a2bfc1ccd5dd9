// 信号量：一条管道里放一个令牌，拿到令牌才能进去

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;

pub struct Semaphore {
    permits: usize,
    token_out: PipeReader,
    token_in: PipeWriter,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (token_out, token_in) = io::pipe()?;
        let semaphore = Semaphore { permits, token_out, token_in };
        semaphore.release()?; // 放入令牌
        Ok(semaphore)
    }

    pub fn acquire(&self) -> io::Result<()> {
        (&self.token_out).read_exact(&mut [0u8])
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.token_in).write_all(&[0u8])
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut n: libc::c_int = 0;
        if unsafe { libc::ioctl(self.token_out.as_raw_fd(), libc::FIONREAD, &mut n) } < 0 {
            return Err(io::Error::last_os_error());
        }
        // 令牌不在，说明有一个进程在里面
        Ok(if n == 1 { self.permits } else { self.permits - 1 })
    }
}

struct Release<'a>(&'a Semaphore);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.release().unwrap();
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _release = Release(semaphore);
    job()
}
