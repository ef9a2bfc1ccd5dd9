use std::io;
use std::path::Path;

/// What came of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code: its status if it exited, `-n` if signal `n` ended it.
    pub code: i32,
    /// All that it wrote to standard output.
    pub stdout: Vec<u8>,
    /// All that it wrote to standard error.
    pub stderr: Vec<u8>,
}

use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::thread;

fn high(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() > 2 {
        return Ok(fd);
    }
    match unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 3) } {
        -1 => Err(io::Error::last_os_error()),
        copy => Ok(unsafe { OwnedFd::from_raw_fd(copy) }),
    }
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    Ok((high(reader.into())?, high(writer.into())?))
}

/// Forks and execs; an exec that fails sends its errno through a pipe.
fn start(program: &Path, arguments: &[&str], files: &[(&OwnedFd, i32)]) -> io::Result<libc::pid_t> {
    let path = CString::new(program.as_os_str().as_bytes()).unwrap();
    let words: Vec<CString> = arguments.iter().map(|word| CString::new(*word).unwrap()).collect();
    let mut argv = vec![path.as_ptr()];
    for word in &words {
        argv.push(word.as_ptr());
    }
    argv.push(ptr::null());
    let (reader, writer) = pipe()?;
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        unsafe {
            for (file, number) in files {
                libc::dup2(file.as_raw_fd(), *number);
            }
            libc::signal(libc::SIGPIPE, libc::SIG_DFL);
            libc::execv(path.as_ptr(), argv.as_ptr());
            let errno: i32 = *libc::__errno_location();
            libc::write(writer.as_raw_fd(), (&raw const errno).cast(), 4);
            libc::_exit(127);
        }
    }
    drop(writer);
    let mut errno = Vec::new();
    File::from(reader).read_to_end(&mut errno)?;
    if errno.is_empty() {
        return Ok(pid);
    }
    wait(pid)?;
    Err(io::Error::from_raw_os_error(i32::from_ne_bytes(errno.try_into().expect("4 bytes"))))
}

fn wait(pid: libc::pid_t) -> io::Result<i32> {
    let mut status = 0;
    while unsafe { libc::waitpid(pid, &mut status, 0) } == -1 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    if libc::WIFEXITED(status) {
        Ok(libc::WEXITSTATUS(status))
    } else {
        Ok(-libc::WTERMSIG(status))
    }
}

fn with_name(program: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot run {}: {}", program.display(), error))
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let pid = start(program, arguments, &[]).map_err(|error| with_name(program, error))?;
    wait(pid)
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let prepare = || {
        let (stdin, stdout, stderr) = (pipe()?, pipe()?, pipe()?);
        let pid = start(program, arguments, &[(&stdin.0, 0), (&stdout.1, 1), (&stderr.1, 2)])?;
        Ok((pid, stdin.1, stdout.0, stderr.0))
    };
    let (pid, stdin, stdout, stderr) = prepare().map_err(|error| with_name(program, error))?;
    let read = |from: OwnedFd| {
        let mut bytes = Vec::new();
        File::from(from).read_to_end(&mut bytes).map(|_| bytes)
    };
    let (written, out, err) = thread::scope(|scope| {
        let out = scope.spawn(move || read(stdout));
        let err = scope.spawn(move || read(stderr));
        let written = File::from(stdin).write_all(input);
        (written, out.join().unwrap(), err.join().unwrap())
    });
    let code = wait(pid)?;
    if let Err(error) = written {
        if error.kind() != io::ErrorKind::BrokenPipe {
            return Err(error);
        }
    }
    Ok(Finished { code, stdout: out?, stderr: err? })
}
