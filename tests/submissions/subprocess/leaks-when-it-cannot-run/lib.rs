use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}
fn named(program: &Path, e: io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("{}: {e}", program.display()))
}

/// Forks; the child puts `fds` at 0, 1, 2 and executes.
fn spawn(program: &Path, arguments: &[&str], fds: &[(i32, i32)]) -> io::Result<i32> {
    let path = CString::new(program.as_os_str().as_bytes())?;
    let mut words = vec![path.clone()];
    for a in arguments {
        words.push(CString::new(*a)?);
    }
    let mut argv: Vec<*const libc::c_char> = words.iter().map(|w| w.as_ptr()).collect();
    argv.push(std::ptr::null());
    let (tell_r, tell_w) = pipe()?;
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        unsafe {
            for &(from, to) in fds {
                if libc::dup2(from, to) < 0 {
                    libc::_exit(126);
                }
            }
            libc::signal(libc::SIGPIPE, libc::SIG_DFL);
            libc::execv(path.as_ptr(), argv.as_ptr());
            let errno = *libc::__errno_location();
            libc::write(tell_w.as_raw_fd(), (&raw const errno).cast(), 4);
            libc::_exit(127)
        }
    }
    drop(tell_w);
    let mut errno = [0; 4];
    let mut tell = File::from(tell_r);
    match tell.read_exact(&mut errno) {
        Ok(()) => {
            wait(pid)?;
            Err(io::Error::from_raw_os_error(i32::from_ne_bytes(errno)))
        }
        Err(_) => Ok(pid),
    }
}
fn wait(pid: i32) -> io::Result<i32> {
    let mut w = 0;
    while unsafe { libc::waitpid(pid, &mut w, 0) } < 0 {
        let e = io::Error::last_os_error();
        if e.kind() != io::ErrorKind::Interrupted {
            return Err(e);
        }
    }
    Ok(if libc::WIFEXITED(w) { libc::WEXITSTATUS(w) } else { -libc::WTERMSIG(w) })
}
pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let pid = spawn(program, arguments, &[]).map_err(|e| named(program, e))?;
    wait(pid)
}
pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let pipe = || pipe().map_err(|e| named(program, e));
    let (in_r, in_w) = pipe()?;
    let (out_r, out_w) = pipe()?;
    let (err_r, err_w) = pipe()?;
    let spawned = spawn(
        program,
        arguments,
        &[(in_r.as_raw_fd(), 0), (out_w.as_raw_fd(), 1), (err_w.as_raw_fd(), 2)],
    );
    let pid = match spawned {
        Ok(p) => p,
        Err(e) => {
            std::mem::forget((in_w, out_r, err_r));
            return Err(named(program, e));
        }
    };
    drop((in_r, out_w, err_w));
    let reader = |fd: OwnedFd| {
        thread::spawn(move || {
            let mut v = Vec::new();
            File::from(fd).read_to_end(&mut v).map(|_| v)
        })
    };
    let (out, err) = (reader(out_r), reader(err_r));
    let wrote = {
        let mut f = File::from(in_w);
        f.write_all(input)
    };
    let (stdout, stderr) = (out.join().unwrap(), err.join().unwrap());
    let code = wait(pid)?;
    if let Err(e) = wrote {
        if e.kind() != io::ErrorKind::BrokenPipe {
            return Err(e);
        }
    }
    Ok(Finished { code, stdout: stdout?, stderr: stderr? })
}
