//! What a run costs: the processor time of a program alone, observed, and observed in the jail.
//!
//!     cargo bench -p keeper --bench cost -- [--runs N] PROGRAM [ARGUMENT]...
//!
//! The three take turns, so that a busy machine slows all of them alike.
#![expect(clippy::unwrap_used, reason = "a benchmark has nobody to explain itself to")]
#![expect(clippy::print_stdout, reason = "the numbers are what it is for")]

use std::process::{Command, Stdio};
use std::time::Duration;

use jail::{Confinement, Slot, Tier};
use keeper::Keeper;
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::geteuid;
use observation::{Diagnosis, Request};

/// Runs of each kind in one turn. A keeper's time is known once it has ended.
const TURN: u32 = 10;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (mut turns, mut words) = (20, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--runs" => turns = arguments.next().unwrap().parse::<u32>().unwrap() / TURN,
            _ => {
                words = std::iter::once(argument).chain(arguments).collect();
                break;
            }
        }
    }
    let program = words.first().cloned().unwrap_or_else(|| "/bin/true".to_owned());
    let mut request = Request::new(&program);
    request.args = words.iter().skip(1).cloned().collect();
    request.diagnosis = Diagnosis::Verdict;
    let tier = if geteuid().is_root() { Tier::A } else { Tier::B };
    let confinement = Confinement::for_program(tier, Slot(0), &request.program);

    let stands_still = observe::observe(&request).unwrap().hang.is_some();
    let (mut alone, mut observed, mut jailed, mut start) = (vec![], vec![], vec![], vec![]);
    for _ in 0..turns {
        if !stands_still {
            alone.push(cost(|| (0..TURN).for_each(|_| bare(&request))));
        }
        observed.push(cost(|| (0..TURN).for_each(|_| drop(observe::observe(&request).unwrap()))));
        let in_jail = |runs: u32| {
            let keeper = Keeper::new(env!("CARGO_BIN_EXE_keeper"));
            (0..runs).for_each(|_| drop(keeper.run(&request, &confinement).unwrap()));
        };
        start.push(cost(|| in_jail(1)));
        jailed.push(cost(|| in_jail(TURN + 1)));
    }
    let started = median(&mut start);
    let jailed = median(&mut jailed) - started;
    println!("processor time of a run, medians of {turns} turns of {TURN} runs, in ms");
    if stands_still {
        println!("alone               it does not end");
    } else {
        println!("alone               {:6.2}", each(median(&mut alone)));
    }
    println!("observed            {:6.2}", each(median(&mut observed)));
    println!("observed in tier {tier}  {:6.2}", each(jailed));
    println!("the first one, with the keeper's own start  {:6.2}", started.as_secs_f64() * 1e3);
}

fn bare(request: &Request) {
    let mut command = Command::new(&request.program);
    command.args(&request.args).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap();
}

/// Processor time of this process and all that it has waited for.
fn cost(work: impl FnOnce()) -> Duration {
    let before = used();
    work();
    used() - before
}

fn used() -> Duration {
    let of = |who| {
        let usage = getrusage(who).unwrap();
        [usage.user_time(), usage.system_time()].map(|time| {
            Duration::from_micros(
                u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap(),
            )
        })
    };
    [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN].into_iter().flat_map(of).sum()
}

fn each(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3 / f64::from(TURN)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
