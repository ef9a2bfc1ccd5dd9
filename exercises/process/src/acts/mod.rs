//! What the checks have done with processes besides a join.
//!
//! - `look` while it is stopped, and until the end has been seen;
//! - `short`: join with a timeout that runs out, while it is stopped (with `--called 2` the second also
//!   before that, while its parent gets SIGCHLD again and again), and with one in whose first nap
//!   it ends;
//! - `late`: join with none at all, when it has ended;
//! - `together` and `long`: all are made first, run at the same time, and end in another order;
//! - `refused`: started while the system permits none, or few descriptors.

mod asleep;
mod child;
mod naps;
mod refused;
mod short;
mod together;

use std::io;
use std::rc::Rc;
use std::time::Duration;

use process::Process;
use stage::{Gate, event};

pub use asleep::{sleeps, until_ended};
pub use child::ended_child;
pub use refused::refused;
pub use together::together;

use crate::{look, show};
use child::{until_over, while_stopped};

/// What is done with a process that runs, until it has ended.
pub fn live(
    who: &str,
    life: &str,
    process: &mut Process,
    gate: &Rc<Gate>,
    called: bool,
) -> io::Result<()> {
    match life {
        "look" | "late" => {
            if life == "look" {
                while_stopped(process, |process| look(who, "stopped", process))?;
            }
            gate.open()?;
            until_over(process)?;
            event(who, format_args!("unseen code={}", show(process.exit_code())));
            if life == "late" {
                let ended = process.join_timeout(Duration::ZERO)?;
                let code = show(process.exit_code());
                event(who, format_args!("late ended={ended} code={code}"));
            }
        }
        "short" => short::live(who, process, gate, called)?,
        _ => event(who, format_args!("no such life: {life}")),
    }
    Ok(())
}
