use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{ForkResult, Pid, fork};
use std::io::{self, Write};

enum Role {
    Child,
    Parent(Pid),
}

fn split() -> nix::Result<Role> {
    Ok(match unsafe { fork() }? {
        ForkResult::Child => Role::Child,
        ForkResult::Parent { child } => Role::Parent(child),
    })
}

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let mut set = SigSet::empty();
    set.add(Signal::SIGCHLD);
    set.thread_block()?;
    let role = split();
    let done = role.map_err(io::Error::from).and_then(|role| tell(role, counter, step, &set));
    set.thread_unblock()?;
    done
}

fn tell(role: Role, counter: &mut i64, step: i64, set: &SigSet) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match role {
        Role::Child => {
            *counter += step;
            writeln!(
                out,
                "child: pid={} parent={} counter={}",
                std::process::id(),
                std::os::unix::process::parent_id(),
                counter
            )?;
            out.flush()
        }
        Role::Parent(child) => {
            writeln!(
                out,
                "parent: pid={} child={} counter={}",
                std::process::id(),
                child,
                counter
            )?;
            out.flush()?;
            set.wait()?;
            waitid(Id::Pid(child), WaitPidFlag::WEXITED)?;
            Ok(())
        }
    }
}
