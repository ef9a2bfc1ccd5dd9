use std::io;
use std::process::id;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::unistd::{ForkResult, fork, getppid};

static CHILD: AtomicI32 = AtomicI32::new(0);

extern "C" fn collect() {
    let pid = CHILD.load(Ordering::SeqCst);
    if pid > 0 {
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    }
}

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step;
            println!("child: pid={} parent={} counter={}", id(), getppid(), counter);
        }
        ForkResult::Parent { child } => {
            println!("parent: pid={} child={} counter={}", id(), child, counter);
            CHILD.store(child.as_raw(), Ordering::SeqCst);
            unsafe { libc::atexit(collect) };
        }
    }
    Ok(())
}
