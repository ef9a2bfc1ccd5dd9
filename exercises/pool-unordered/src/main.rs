//! Squares numbers in a pool of processes and takes the results as they come.
//!
//!     cargo run -p pool-unordered -- --workers 3 --numbers 1,2,3,4,5 --held 0
//!
//! The first `--meet` numbers wait for one another. The numbers at the places `--held`
//! wait until all other results have been taken. Those at the places `--asked` wait until
//! they are asked for, one after the other, in that order. After `--take` results the
//! rest is dropped. With `--quiet 1` single numbers are not reported. With `--again 1` the
//! numbers are squared once more afterwards, and as many results taken. With `--sign -1` the results
//! are below zero. With `--own 1` main has two children more, which are no workers. With
//! `--signal 1` the first number sends signals to main, which handles them. With `--deaf 1` main
//! handles SIGTERM, and so do its children. With `--rest 1` main goes on after each fork only when
//! whoever was forked sleeps. With `--idle 1` main takes no result, and waits for ever. With
//! `--beside 1` another process, which main forks when it has called the map before, is one of those
//! that wait for one another, and then calls the map, too; no number is done before that has ended.

use std::fs;
use std::io;
use std::process;
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use pool_unordered::{Results, pool_unordered};
use stage::{Arguments, Gate, Meeting, event, until_asleep};

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
        handle(Signal::SIGUSR1)?;
    }
    if arguments.get("deaf", 0) == 1 {
        handle(Signal::SIGTERM)?;
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
            send_signals(main).expect("main is there");
        }
        if !quiet {
            event(&who, "end");
        }
        sign * numbers[place] * numbers[place]
    };

    let own = if arguments.get("own", 0) == 1 { Some(OwnChildren::fork()?) } else { None };
    if arguments.get("rest", 0) == 1 {
        rest_after_forks()?;
    }
    let square = |number: i64| sign * number * number;
    // Forked before the call, which may start threads, and after another one, which is over.
    let other = if beside {
        pool_unordered(workers, &numbers, square)?.for_each(drop);
        Some(start(|| {
            meeting.meet()?;
            let squared = square_beside(workers, &numbers, square);
            other_is_done.open()?;
            squared
        })?)
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
        let before = descriptors(0);
        let results = pool_unordered(workers, &numbers, square)?;
        for value in results.take(take) {
            event("again", format_args!("value={}", value?));
        }
        event("again", format_args!("kept={}", descriptors(before).saturating_sub(before)));
    }
    Ok(())
}

/// What a process does that has nothing to do with main's call.
fn square_beside(workers: usize, numbers: &[i64], square: impl Fn(i64) -> i64) -> io::Result<()> {
    for value in pool_unordered(workers, numbers, square)? {
        event("beside", format_args!("value={}", value?));
    }
    Ok(())
}

/// From now on this signal ends every call that it interrupts, and nothing else.
fn handle(signal: Signal) -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(signal, &action) }?;
    Ok(())
}

/// Sends two signals to main, when it waits for a result.
fn send_signals(main: Pid) -> io::Result<()> {
    for _ in 0..2 {
        until_asleep(main.as_raw());
        kill(main, Signal::SIGUSR1)?;
    }
    Ok(())
}

/// From now on this process goes on after a fork when whoever it has forked sleeps, or has ended.
fn rest_after_forks() -> io::Result<()> {
    extern "C" fn rest() {
        children_of(process::id()).into_iter().for_each(until_asleep);
        event("main", "forked");
    }
    // SAFETY: it is called in the process that has forked, which may do anything.
    match unsafe { libc::pthread_atfork(None, Some(rest), None) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// What a process has forked; nothing if the system does not tell.
fn children_of(process: u32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    children.unwrap_or_default().split(' ').filter_map(|pid| pid.parse().ok()).collect()
}

/// How many descriptors this process has open, if the system tells; waits a while for there
/// being no more than `expected`, since a thread may be about to close some.
fn descriptors(expected: usize) -> usize {
    let count = || fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let looks = if expected == 0 { 1 } else { 2000 };
    for _ in 1..looks {
        if count() <= expected {
            break;
        }
        thread::yield_now();
    }
    count()
}

/// Children of main that are no workers: one has ended already, one does when it is waited for.
struct OwnChildren {
    children: [Pid; 2],
    enough: Gate,
}

impl OwnChildren {
    fn fork() -> io::Result<Self> {
        let enough = Gate::new()?;
        let ended = start(|| Ok(()))?;
        let waiting = start(|| enough.pass())?;
        until_asleep(ended.as_raw());
        Ok(Self { children: [ended, waiting], enough })
    }

    /// How many of them are still there to be waited for.
    fn wait_for(self) -> io::Result<usize> {
        self.enough.open()?;
        Ok(self.children.into_iter().filter(|&child| waitpid(child, None).is_ok()).count())
    }
}

/// Forks a process that does `job` and ends.
fn start(job: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => process::exit(i32::from(job().is_err())),
        ForkResult::Parent { child } => Ok(child),
    }
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
