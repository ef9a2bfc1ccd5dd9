//! What the checks have done besides, and a parent that is killed.
//!
//! - `beside`: an endless reader is terminated beside a daemon and another child that has ended by
//!   `exit`, and then one that has not come to do anything; the daemon ends by itself at last;
//! - `seen` only looks at a child that has ended by itself, `known` looks and then terminates and
//!   joins it;
//! - `joined` joins one of the first of the given kinds, which is stopped until its parent sleeps,
//!   and then ends by itself with `--status` (below 0: by that signal, with a core dump);
//! - `refused` starts one while the system permits no further process, and terminates one that is
//!   started when it does;
//! - in `killed` a parent with a daemon and an ordinary child is killed, in `orphan` before the
//!   daemon has done anything, in `asked` when the daemon asks for its parent; the daemon then falls
//!   to the driver, not to process 1.
//!
//! Whoever waits for a child that takes its time, or for an ordinary one, gets other signals
//! meanwhile.

mod beside;
mod calls;
mod child;
mod interrupted;
mod joined;
mod killed;
mod refused;
mod waits;

use std::io;

pub use calls::MAIN;
pub use child::stop;
pub use interrupted::{be_interrupted, until_parent_waits};

use crate::{ended, look};
use child::known;
use killed::{Moment, killed};

pub fn play(scene: &str, kinds: &[String], status: i32) -> io::Result<()> {
    match scene {
        "beside" => beside::beside()?,
        "seen" => look("seen", &mut ended()?)?,
        "known" => known()?,
        "joined" => joined::joined(joined::kind(&kinds[0]), status)?,
        "refused" => refused::refused()?,
        "killed" => killed(Moment::Later)?,
        "orphan" => killed(Moment::Fork)?,
        "asked" => killed(Moment::Question)?,
        other => eprintln!("there is no scene {other}"),
    }
    Ok(())
}
