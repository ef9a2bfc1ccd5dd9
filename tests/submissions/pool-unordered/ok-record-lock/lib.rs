//! The next place stands in a memfd under a record lock.

use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::FileExt;

pub struct Results {
    pipe: Option<PipeReader>,
    missing: usize,
    children: Vec<libc::pid_t>,
}

fn check(returned: libc::c_int) -> io::Result<libc::c_int> {
    if returned < 0 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}

fn lock(file: &File, kind: libc::c_int) -> io::Result<()> {
    let mut whole: libc::flock = unsafe { std::mem::zeroed() };
    whole.l_type = kind as libc::c_short;
    whole.l_whence = libc::SEEK_SET as libc::c_short;
    loop {
        match check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLKW, &whole) }) {
            Err(error) if error.raw_os_error() == Some(libc::EINTR) => continue,
            other => return other.map(|_| ()),
        }
    }
}

fn draw(file: &File) -> io::Result<usize> {
    let mut place = [0; 8];
    lock(file, libc::F_WRLCK)?;
    file.read_exact_at(&mut place, 0)?;
    let drawn = usize::from_ne_bytes(place);
    file.write_all_at(&(drawn + 1).to_ne_bytes(), 0)?;
    lock(file, libc::F_UNLCK)?;
    Ok(drawn)
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let counter = unsafe {
        File::from_raw_fd(check(libc::memfd_create(c"next".as_ptr(), libc::MFD_CLOEXEC))?)
    };
    counter.write_all_at(&[0; 8], 0)?;
    let (pipe, mut home) = io::pipe()?;
    let mut results = Results { pipe: Some(pipe), missing: input.len(), children: Vec::new() };
    for _ in 0..workers {
        let pid = check(unsafe { libc::fork() })?;
        if pid > 0 {
            results.children.push(pid);
            continue;
        }
        results.pipe = None;
        let mut code = 0;
        loop {
            match draw(&counter) {
                Ok(place) if place < input.len() => {
                    let result = task(input[place]);
                    if home.write_all(&result.to_ne_bytes()).is_err() {
                        code = 2;
                        break;
                    }
                }
                Ok(_) => break,
                Err(_) => {
                    code = 3;
                    break;
                }
            }
        }
        std::process::exit(code);
    }
    Ok(results)
}

impl Results {
    fn reap(&mut self) {
        while let Some(&pid) = self.children.last() {
            if check(unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) }).is_err()
                && io::Error::last_os_error().raw_os_error() == Some(libc::EINTR)
            {
                continue;
            }
            self.children.pop();
        }
    }
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.missing == 0 {
            self.reap();
            return None;
        }
        let mut result = [0; 8];
        let read = self.pipe.as_mut()?.read_exact(&mut result);
        self.missing = if read.is_ok() { self.missing - 1 } else { 0 };
        Some(read.map(|()| i64::from_ne_bytes(result)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.missing, Some(self.missing))
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        for &pid in &self.children {
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        self.reap();
    }
}
