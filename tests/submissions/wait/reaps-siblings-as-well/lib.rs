use std::cell::RefCell;
use std::collections::HashMap;
use std::io;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

thread_local! {
    // None: still to be waited for
    static FAMILY: RefCell<HashMap<Pid, Option<i32>>> = RefCell::new(HashMap::new());
}

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    match unsafe { fork() }? {
        ForkResult::Child => unsafe { libc::_exit(job()) },
        ForkResult::Parent { child } => {
            FAMILY.with_borrow_mut(|family| family.insert(child, None));
            Ok(child)
        }
    }
}

fn decode(status: WaitStatus) -> Option<i32> {
    match status {
        WaitStatus::Exited(_, code) => Some(code),
        WaitStatus::Signaled(_, signal, _) => Some(-(signal as i32)),
        _ => None,
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    let known = FAMILY.with_borrow_mut(|family| family.remove(&pid)).flatten();
    let code = match known {
        Some(code) => code,
        None => decode(waitpid(pid, None)?).expect("an end"),
    };
    // no zombies while we are at it
    FAMILY.with_borrow_mut(|family| {
        for (&sibling, code) in family.iter_mut().filter(|(_, code)| code.is_none()) {
            if let Ok(status) = waitpid(sibling, Some(WaitPidFlag::WNOHANG)) {
                *code = decode(status);
            }
        }
    });
    Ok(code)
}
