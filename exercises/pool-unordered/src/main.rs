//! Squares numbers in a pool of processes and takes the results as they come.
//!
//!     cargo run -p pool-unordered -- --workers 3 --numbers 1,2,3,4,5 --held 0
//!
//! The first `--meet` numbers wait for one another. The numbers at the places `--held`
//! wait until all other results have been taken. Those at the places `--asked` wait until
//! they are asked for, one after the other, in that order. After `--take` results the
//! rest is dropped. With `--quiet 1` single numbers are not reported.

use std::io;
use std::process;

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use pool_unordered::{Results, pool_unordered};
use stage::{Arguments, Gate, Meeting, event};

fn main() -> io::Result<()> {
    let arguments =
        Arguments::take(&["workers", "numbers", "meet", "held", "asked", "take", "quiet"]);
    let workers = arguments.get("workers", 3);
    let numbers = arguments.list("numbers", vec![1, 2, 3, 4, 5]);
    let held = arguments.list("held", Vec::<usize>::new());
    let asked = arguments.list("asked", Vec::<usize>::new());
    let take = arguments.get("take", usize::MAX);
    let quiet = arguments.get("quiet", 0) == 1;
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    let others_are_taken = Gate::new()?;
    let gates = asked.iter().map(|_| Gate::new()).collect::<io::Result<Vec<_>>>()?;

    // The input are places, so that each number can be told apart.
    let places: Vec<i64> = (0..).take(numbers.len()).collect();
    let task = |place: i64| {
        let (place, who) = (place as usize, format!("number-{place}"));
        if !quiet {
            event(&who, "start");
            event(&who, format_args!("by pid={}", process::id()));
        }
        meeting.meet().expect("the pipes of the meeting are open");
        if held.contains(&place) {
            others_are_taken.pass().expect("the pipe of the gate is open");
        }
        if let Some(turn) = asked.iter().position(|&other| other == place) {
            gates[turn].pass().expect("the pipe of the gate is open");
        }
        if !quiet {
            event(&who, "end");
        }
        numbers[place] * numbers[place]
    };

    let mut results = pool_unordered(workers, &places, task)?;
    event("main", "started");
    for (place, gate) in asked.iter().zip(&gates) {
        gate.open()?;
        let Some(value) = results.next().transpose()? else { break };
        event("main", format_args!("asked place={place} value={value}"));
    }
    take_the_rest(&mut results, take, || others_are_taken.open(), numbers.len() - held.len())?;
    drop(results);
    event("main", "dropped");
    Ok(())
}

/// Says so if there is a result after the last, or a child that has not been waited for.
fn look_behind_the_end(results: &mut Results) {
    let end = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    if waitid(Id::All, end) != Err(Errno::ECHILD) {
        event("main", "children behind the end");
    }
    if results.next().is_some() {
        event("main", "something behind the end");
    }
}

/// Takes up to `most` results; calls `open` when `others` of them are taken.
fn take_the_rest(
    results: &mut Results,
    most: usize,
    open: impl Fn() -> io::Result<()>,
    others: usize,
) -> io::Result<()> {
    for taken in 0..most {
        if taken == others {
            open()?;
        }
        let Some(value) = results.next().transpose()? else {
            event("main", "end");
            look_behind_the_end(results);
            break;
        };
        event("main", format_args!("value={value}"));
    }
    Ok(())
}
