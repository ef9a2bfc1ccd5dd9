use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{ForkResult, fork, getpid, getppid};

enum Role {
    New,
    Old(i32),
}

fn split() -> nix::Result<Role> {
    // SAFETY: there is one thread.
    Ok(match unsafe { fork() }? {
        ForkResult::Child => Role::New,
        ForkResult::Parent { child } => Role::Old(child.as_raw()),
    })
}

fn await_end(pid: i32) -> io::Result<()> {
    let number = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    Errno::result(number)?;
    let pidfd = unsafe { OwnedFd::from_raw_fd(number as i32) };
    loop {
        let mut set = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
        match poll(&mut set, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
            Ok(_) => break,
        }
    }
    let _ = pidfd.as_raw_fd();
    waitid(Id::PIDFd(pidfd.as_fd()), WaitPidFlag::WEXITED)?;
    Ok(())
}

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    match split()? {
        Role::New => {
            *counter += step;
            println!("child: pid={} parent={} counter={counter}", getpid(), getppid());
            Ok(())
        }
        Role::Old(child) => {
            println!("parent: pid={} child={child} counter={counter}", getpid());
            await_end(child)
        }
    }
}
