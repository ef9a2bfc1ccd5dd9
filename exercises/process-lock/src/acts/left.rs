//! A lock that is left held by processes that end.

use std::io;

use nix::sys::signal::{Signal, raise};
use nix::sys::wait::waitpid;
use process_lock::{ProcessLock, with_lock};
use stage::event;

use crate::start;

/// Processes end while they hold the lock, killed or by themselves. Nobody waits for it; whoever
/// comes later gets it, and it is as good as before.
pub fn leave_it_held(lock: &ProcessLock) -> io::Result<()> {
    let through = |who: &str, job: &dyn Fn() -> io::Result<()>| {
        let pid = start(who, || Ok(()), job)?;
        waitpid(pid, None)?;
        io::Result::Ok(())
    };
    through("killed", &|| {
        lock.acquire()?;
        raise(Signal::SIGKILL).map_err(io::Error::from)
    })?;
    through("second", &|| with_lock(lock, || Ok(())))?;
    through("ended", &|| lock.acquire())?;
    through("fourth", &|| {
        let free = lock.try_acquire()?;
        event("fourth", format_args!("free={free}"));
        if free { lock.release() } else { Ok(()) }
    })?;
    through("last", &|| with_lock(lock, || Ok(())))
}
