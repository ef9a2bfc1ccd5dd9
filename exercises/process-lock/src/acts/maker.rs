//! The end of the process that made the lock.

use std::io;
use std::process::exit;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{wait, waitpid};
use nix::unistd::{ForkResult, fork};
use process_lock::{ProcessLock, with_lock};
use stage::{Gate, event, until_asleep};

use crate::start;

/// The process that made a lock is killed inside. It has used the lock before; of its children one
/// has dropped it, one lives on and never uses it, and of three that wait the first is killed. The
/// others get through, twice.
pub fn kill_the_maker() -> io::Result<()> {
    // Whoever loses its parent is waited for here.
    set_child_subreaper(true)?;
    let through = [Gate::new()?, Gate::new()?];
    start("maker", || Ok(()), || make_and_be_killed(&through))?;
    through.iter().try_for_each(Gate::pass)?;
    while wait().is_ok() {}
    Ok(())
}

fn make_and_be_killed(through: &[Gate; 2]) -> io::Result<()> {
    let lock = ProcessLock::new()?;
    with_lock(&lock, || Ok(()))?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    if let ForkResult::Child = unsafe { fork() }? {
        {
            let _dropped = lock;
        }
        exit(0)
    }
    wait()?;

    let go = [Gate::new()?, Gate::new()?, Gate::new()?];
    let waits = |who: &str, go: &Gate, last: Option<&Gate>| {
        let enter = || {
            event(who, "enter");
            event(who, "leave");
            Ok(())
        };
        let twice = || {
            go.pass()?;
            with_lock(&lock, enter)?;
            with_lock(&lock, enter)
        };
        start(who, || last.map_or(Ok(()), Gate::open), twice)
    };
    let pids = [
        waits("first", &go[0], None)?,
        waits("second", &go[1], Some(&through[0]))?,
        waits("third", &go[2], Some(&through[1]))?,
    ];
    start("bystander", || Ok(()), || through.iter().try_for_each(Gate::pass))?;
    with_lock(&lock, || {
        event("maker", "enter");
        for (pid, go) in pids.iter().zip(&go) {
            go.open()?;
            until_asleep(pid.as_raw());
        }
        kill(pids[0], Signal::SIGKILL)?;
        waitpid(pids[0], None)?;
        // If another has got in now, it says so.
        pids[1..].iter().for_each(|pid| until_asleep(pid.as_raw()));
        event("maker", "leave");
        raise(Signal::SIGKILL).map_err(io::Error::from)
    })
}
