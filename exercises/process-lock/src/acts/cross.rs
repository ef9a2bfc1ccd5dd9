//! Two locks, and two processes that want both.

use std::io;

use nix::sys::wait::wait;
use process_lock::{ProcessLock, with_lock};
use stage::{Meeting, event};

use crate::start;

/// Two processes each hold one lock and ask for the other's. They wait for ever, unless the kernel
/// tells one of them (`EDEADLK`), which then does nothing and lets go. If it asks `again` it never
/// meets the other, which has both locks by then.
pub fn ask_crosswise(one: &ProcessLock, other: &ProcessLock, again: bool) -> io::Result<()> {
    let (meeting, never) = (Meeting::new(2)?, Meeting::new(2)?);
    for (who, first, second) in [("one", one, other), ("other", other, one)] {
        let meet = || {
            never.meet()?;
            event(who, "met");
            Ok(())
        };
        let both = || {
            meeting.meet()?;
            with_lock(second, || {
                event(who, "both");
                if again { meet() } else { Ok(()) }
            })
        };
        let job = || match with_lock(first, both) {
            Err(_) if again => with_lock(second, meet),
            done => done,
        };
        start(who, || Ok(()), job)?;
    }
    while wait().is_ok() {}
    Ok(())
}
