//! Squares numbers in a pool of processes and takes the results as they come.
//!
//!     cargo run -p pool-unordered -- --workers 3 --numbers 1,2,3,4,5 --held 0
//!
//! The first `--meet` numbers wait for one another. The numbers at the places `--held`
//! wait until all other results have been taken. Those at the places `--asked` wait until
//! they are asked for, one after the other, in that order. After `--take` results the
//! rest is dropped. With `--quiet 1` single numbers are not reported. With `--sign -1` the results are
//! below zero. The other arguments are for the checks; what they ask for stands in `acts`.

mod acts;

use std::io;
use std::process;

use nix::sys::signal::Signal;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use pool_unordered::{Results, pool_unordered};
use stage::{Arguments, Gate, Meeting, event};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "workers", "numbers", "meet", "held", "asked", "take", "quiet", "again", "sign", "own",
        "signal", "deaf", "rest", "idle", "beside",
    ]);
    let workers = arguments.get("workers", 3);
    let numbers = arguments.list("numbers", vec![1, 2, 3, 4, 5]);
    let held = arguments.list("held", Vec::<usize>::new());
    let asked = arguments.list("asked", Vec::<usize>::new());
    let take = arguments.get("take", usize::MAX);
    let sign = arguments.get("sign", 1);
    let quiet = arguments.get("quiet", 0) == 1;
    let (signal, main) = (arguments.get("signal", 0) == 1, Pid::this());
    if signal {
        acts::handle(Signal::SIGUSR1)?;
    }
    if arguments.get("deaf", 0) == 1 {
        acts::handle(Signal::SIGTERM)?;
    }
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    let others_are_taken = Gate::new()?;
    let (beside, other_is_done) = (arguments.get("beside", 0) == 1, Gate::new()?);
    let gates = asked.iter().map(|_| Gate::new()).collect::<io::Result<Vec<_>>>()?;

    // The input tells of places, so that each number can be told apart.
    let input: Vec<_> = (0..numbers.len()).map(input_at).collect();
    let task = |input: i64| {
        let place = place_of(input);
        let who = format!("number-{place}");
        if !quiet {
            event(&who, "start");
            event(&who, format_args!("by pid={}", process::id()));
        }
        meeting.meet().expect("the pipes of the meeting are open");
        if beside {
            other_is_done.pass().expect("the pipe of the gate is open");
        }
        if held.contains(&place) {
            others_are_taken.pass().expect("the pipe of the gate is open");
        }
        if let Some(turn) = asked.iter().position(|&other| other == place) {
            gates[turn].pass().expect("the pipe of the gate is open");
        }
        if signal && place == 0 {
            acts::send_signals(main).expect("main is there");
        }
        if !quiet {
            event(&who, "end");
        }
        sign * numbers[place] * numbers[place]
    };

    let own = if arguments.get("own", 0) == 1 { Some(acts::OwnChildren::fork()?) } else { None };
    if arguments.get("rest", 0) == 1 {
        acts::rest_after_forks()?;
    }
    let square = |number: i64| sign * number * number;
    // Forked before the call, which may start threads, and after another one, which is over.
    let other = if beside {
        Some(acts::fork_another(workers, &numbers, square, &meeting, &other_is_done)?)
    } else {
        None
    };
    let mut results = pool_unordered(workers, &input, task)?;
    event("main", "started");
    if arguments.get("idle", 0) == 1 {
        // Nobody opens this gate.
        Gate::new()?.pass()?;
    }
    for (place, gate) in asked.iter().zip(&gates) {
        gate.open()?;
        let Some(value) = results.next().transpose()? else { break };
        event("main", format_args!("asked place={place} value={value}"));
    }
    take_the_rest(&mut results, take, || others_are_taken.open(), numbers.len() - held.len())?;
    drop(results);
    event("main", "dropped");
    if let Some(other) = other {
        // Who waits for everybody has taken it away already.
        let _ = waitpid(other, None);
    }
    if let Some(own) = own {
        event("main", format_args!("own={}", own.wait_for()?));
    }
    if arguments.get("again", 0) == 1 {
        acts::square_again(workers, &numbers, square, take)?;
    }
    Ok(())
}

/// The input of the number at a place. It is another number than the place, so that a map is
/// found out that hands only places to its workers.
fn input_at(place: usize) -> i64 {
    3 * place as i64 + 7
}

fn place_of(input: i64) -> usize {
    let place = usize::try_from((input - 7) / 3).unwrap_or(0);
    assert_eq!(input_at(place), input, "a task should get an input that was given");
    place
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
            acts::look_behind_the_end(results);
            break;
        };
        event("main", format_args!("value={value}"));
    }
    Ok(())
}
