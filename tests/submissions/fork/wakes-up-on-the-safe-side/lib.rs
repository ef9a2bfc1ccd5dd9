use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getppid};

fn pidfd(pid: Pid) -> io::Result<OwnedFd> {
    // SAFETY: plain numbers; the descriptor is ours.
    unsafe {
        match libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd as i32)),
        }
    }
}

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    // SAFETY: one thread.
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step;
            println!("child: pid={} parent={} counter={}", std::process::id(), getppid(), counter);
        }
        ForkResult::Parent { child } => {
            println!("parent: pid={} child={} counter={}", std::process::id(), child, counter);
            let fd = pidfd(child)?;
            loop {
                let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
                match poll(&mut fds, 50u16) {
                    Ok(0) | Err(Errno::EINTR) => continue,
                    Ok(_) => break,
                    Err(e) => return Err(e.into()),
                }
            }
            waitpid(child, None)?;
        }
    }
    Ok(())
}
