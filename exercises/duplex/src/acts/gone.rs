//! Whoever asks is killed.

use std::io::{self, Read};
use std::process::exit;

use duplex::{Message, Partner};
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, Pid, fork};
use stage::{event, until_asleep};

/// A child starts a partner, asks and is killed, while it is `asked` or afterwards. The end of a
/// pipe tells that the partner is gone.
pub fn asker_is_gone(message: &Message, asked: bool) -> io::Result<()> {
    let (mut alive, held) = io::pipe()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    if let ForkResult::Child = unsafe { fork() }? {
        drop(alive);
        let asker = Pid::this();
        let partner = Partner::start(|request| {
            if asked {
                // If it has gone before, so much the better.
                let _ = kill(asker, Signal::SIGKILL);
                until_asleep(asker.as_raw());
            }
            request
        });
        let Ok(mut partner) = partner else {
            event("partner", "comes back from `start`");
            exit(1)
        };
        partner.ask(message)?;
        return raise(Signal::SIGKILL).map_err(io::Error::from);
    }
    drop(held);
    wait()?;
    event("main", "asker gone");
    // Nobody writes, so this is the end.
    let _ = alive.read(&mut [0])?;
    event("main", "partner gone");
    Ok(())
}
