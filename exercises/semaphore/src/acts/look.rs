//! Two processes that look at the same time.

use std::io;
use std::process::exit;

use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};
use semaphore::Semaphore;
use stage::{Meeting, event};

/// Two processes look how many permits there are, at the same time.
pub fn look_together(semaphore: &Semaphore, looks: usize) -> io::Result<()> {
    let meeting = Meeting::new(2)?;
    let look = |who| {
        meeting.meet()?;
        let seen = (0..looks).map(|_| semaphore.value()).collect::<io::Result<Vec<_>>>()?;
        let (least, most) = (seen.iter().min().unwrap_or(&0), seen.iter().max().unwrap_or(&0));
        event(who, format_args!("saw least={least} most={most}"));
        io::Result::Ok(())
    };
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(i32::from(look("worker-1").is_err())),
        ForkResult::Parent { .. } => look("main")?,
    }
    wait()?;
    Ok(())
}
