//! Permits that one process takes and another gives back.

use std::io;
use std::process::exit;

use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};
use semaphore::Semaphore;
use stage::{Gate, event};

/// A worker takes all permits and keeps them; main gives them back, and one more. Then each makes a
/// semaphore of its own.
pub fn hand_on(semaphore: &Semaphore, permits: usize) -> io::Result<()> {
    let (taken, enough, made) = (Gate::new()?, Gate::new()?, Gate::new()?);
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            (0..permits).try_for_each(|_| semaphore.acquire())?;
            taken.open()?;
            enough.pass()?;
            {
                let own = Semaphore::new(1)?;
                event("worker-1", format_args!("own value={}", own.value()?));
            }
            made.open()?;
            exit(0)
        }
        ForkResult::Parent { .. } => {
            taken.pass()?;
            let tell = |when| {
                event("main", format_args!("{when} value={}", semaphore.value()?));
                io::Result::Ok(())
            };
            tell("taken")?;
            (0..permits).try_for_each(|_| semaphore.release())?;
            tell("given-back")?;
            semaphore.release()?;
            tell("one-more")?;
            let another = Semaphore::new(5)?;
            event("main", format_args!("another value={}", another.value()?));
            enough.open()?;
            made.pass()?;
            another.acquire()?;
            tell("beside")?;
            wait()?;
            Ok(())
        }
    }
}
