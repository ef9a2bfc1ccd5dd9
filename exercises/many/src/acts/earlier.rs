//! Children that were there before.

use std::io;

use many::{Children, Task};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::event;

/// Another family, and a child of the driver's own.
pub struct Earlier {
    family: Children,
    own: Pid,
}

impl Earlier {
    pub fn start() -> io::Result<Self> {
        Ok(Self { family: earlier_family()?, own: ended_child()? })
    }

    pub fn tell_active(&mut self) -> io::Result<()> {
        event("earlier", format_args!("active={}", self.family.active()?.join(",")));
        Ok(())
    }

    pub fn join(self) -> io::Result<()> {
        event("earlier", format_args!("codes={:?}", self.family.join_all()?));
        let left_alone = waitpid(self.own, None) == Ok(WaitStatus::Exited(self.own, 9));
        event("own", if left_alone { "is still there" } else { "was waited for by somebody" });
        Ok(())
    }
}

/// One child that has ended, and that nobody has waited for. Whoever waits for any child finds this
/// one first, since it is the oldest.
fn earlier_family() -> io::Result<Children> {
    let task = Task { name: "earlier".to_owned(), work: Box::new(|| 8) };
    let children = Children::start_all(vec![task])?;
    waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    Ok(children)
}

/// A child of the driver's own that has ended with status 9, and that nobody has waited for.
fn ended_child() -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        // SAFETY: ends this process and does nothing else.
        ForkResult::Child => unsafe { libc::_exit(9) },
        ForkResult::Parent { child } => {
            waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            Ok(child)
        }
    }
}
