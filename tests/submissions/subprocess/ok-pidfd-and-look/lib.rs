use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{null, null_mut};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

unsafe extern "C" {
    static environ: *const *mut libc::c_char;
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    if unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) })
}

fn named(program: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", program.display()))
}

/// posix_spawn, with these as 0, 1 and 2.
fn spawn(program: &Path, arguments: &[&str], ends: &[(&OwnedFd, i32)]) -> io::Result<libc::pid_t> {
    let name = CString::new(program.as_os_str().as_bytes())?;
    let mut words = vec![name.clone()];
    for argument in arguments {
        words.push(CString::new(*argument)?);
    }
    let mut argv: Vec<*mut libc::c_char> = words.iter().map(|w| w.as_ptr() as *mut _).collect();
    argv.push(null_mut());
    unsafe {
        let mut actions: libc::posix_spawn_file_actions_t = std::mem::zeroed();
        libc::posix_spawn_file_actions_init(&mut actions);
        for (end, number) in ends {
            libc::posix_spawn_file_actions_adddup2(&mut actions, end.as_raw_fd(), *number);
        }
        let mut pid = 0;
        let error = libc::posix_spawn(
            &mut pid,
            name.as_ptr(),
            &actions,
            null(),
            argv.as_ptr(),
            environ as _,
        );
        libc::posix_spawn_file_actions_destroy(&mut actions);
        if error != 0 {
            return Err(named(program, io::Error::from_raw_os_error(error)));
        }
        Ok(pid)
    }
}

fn wait(pid: libc::pid_t) -> io::Result<i32> {
    let mut status = 0;
    while unsafe { libc::waitpid(pid, &mut status, 0) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -libc::WTERMSIG(status) })
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    wait(spawn(program, arguments, &[])?)
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let pipe = || pipe().map_err(|error| named(program, error));
    let (in_r, in_w) = pipe()?;
    let (out_r, out_w) = pipe()?;
    let (err_r, err_w) = pipe()?;
    let pid = spawn(program, arguments, &[(&in_r, 0), (&out_w, 1), (&err_w, 2)])?;
    drop((in_r, out_w, err_w));
    let mut ends = [Some(in_w), Some(out_r), Some(err_r)];
    for end in ends.iter().flatten() {
        unsafe { libc::fcntl(end.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    }
    let mut left = input;
    let mut outputs = [vec![], vec![]];
    if left.is_empty() {
        ends[0] = None;
    }
    while ends.iter().any(Option::is_some) {
        let mut polls = [0, 1, 2].map(|i| libc::pollfd {
            fd: ends[i].as_ref().map_or(-1, |e| e.as_raw_fd()),
            events: if i == 0 { libc::POLLOUT } else { libc::POLLIN },
            revents: 0,
        });
        if unsafe { libc::poll(polls.as_mut_ptr(), 3, -1) } < 0 {
            continue;
        }
        for i in 0..3 {
            if polls[i].revents == 0 {
                continue;
            }
            let mut buffer = [0u8; 1000];
            let n = unsafe {
                if i == 0 {
                    libc::write(polls[0].fd, left.as_ptr().cast(), left.len().min(3000))
                } else {
                    libc::read(polls[i].fd, buffer.as_mut_ptr().cast(), 1000)
                }
            };
            if n < 0 {
                match io::Error::last_os_error().raw_os_error() {
                    Some(libc::EAGAIN | libc::EINTR) => {}
                    _ => ends[i] = None,
                }
            } else if i == 0 {
                left = &left[n as usize..];
                if left.is_empty() {
                    ends[0] = None;
                }
            } else if n == 0 {
                ends[i] = None;
            } else {
                outputs[i - 1].extend_from_slice(&buffer[..n as usize]);
            }
        }
    }
    // Both outputs are closed; the end of the program itself shows in its descriptor.
    let pidfd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as i32;
    if pidfd < 0 {
        return Err(io::Error::last_os_error());
    }
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    let mut end = libc::pollfd { fd: pidfd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    while unsafe { libc::poll(&mut end, 1, -1) } < 1 {}
    let mut status = 0;
    if unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) } != pid {
        return Err(io::Error::other("it has ended and cannot be reaped"));
    }
    let code =
        if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -libc::WTERMSIG(status) };
    let [stdout, stderr] = outputs;
    Ok(Finished { code, stdout, stderr })
}
