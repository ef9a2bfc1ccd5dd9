//! What observation costs, how fast it decides, and whether it is ever wrong.
//!
//! `cargo bench -p observe --bench observe -- [latency | overhead | convictions [POLLS]]`

#![expect(clippy::print_stdout, reason = "the numbers are what it is for")]

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use jail::trace::reap;
use nix::time::{ClockId, clock_gettime};
use observation::{Observation, Request, Verdict};
use observe::{Surroundings, streams};

/// Programs that deadlock, and say when each of their tasks is about to block.
const CASES: [(&str, &str); 6] = [
    ("crosswise", "two Mutexes, crosswise"),
    ("condvar", "four threads, all in Condvar::wait"),
    ("pipe-end-held", "wait4 on a reader of a pipe held open"),
    ("self-lock", "a Mutex locked twice"),
    ("receiver", "a receiver with a live sender"),
    ("semaphores-crosswise", "POSIX semaphores, crosswise"),
];
const RUNS: usize = 100;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let which = arguments.next().unwrap_or_default();
    if which.is_empty() || which == "latency" {
        latency();
    }
    if which.is_empty() || which == "overhead" {
        overhead();
    }
    if which.is_empty() || which == "convictions" {
        let polls = arguments.next().and_then(|text| text.parse().ok());
        convictions(polls.unwrap_or(1_000_000));
    }
}

/// Milliseconds from the moment at which the last task blocks.
fn latency() {
    println!("from the last block, in ms           verdict             diagnosis and end");
    println!("                                     median    worst     median    worst");
    for (name, title) in CASES {
        let (mut verdicts, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let (started, seen, ended) = observed(&[name]);
            assert_eq!(seen.verdict, Verdict::Deadlock, "{name}: {}", seen.reason);
            let blocked = last_mark(&seen);
            verdicts.push((started + seen.wall).saturating_sub(blocked));
            ends.push(ended.saturating_sub(blocked));
        }
        println!(
            "{title:36} {:7.2}  {:7.2}    {:7.2}  {:7.2}",
            median(&mut verdicts),
            worst(&verdicts),
            median(&mut ends),
            worst(&ends)
        );
    }
}

/// Observed against the same launch without an observer, in turns.
fn overhead() {
    println!("whole run, median of {RUNS}, in ms         bare   observed    ratio");
    for (name, title) in [
        ("silent", "nothing"),
        ("fork-100", "100 children"),
        ("threads-100", "100 threads at once"),
    ] {
        let (mut bare, mut seen) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            bare.push(unobserved(name));
            let before = Instant::now();
            assert_eq!(observed(&[name]).1.verdict, Verdict::Pass);
            seen.push(before.elapsed());
        }
        let (bare, seen) = (median(&mut bare), median(&mut seen));
        println!("{title:36} {bare:9.2}  {seen:9.2}   {:6.2}", seen / bare);
    }
}

/// Correct programs, looked at without pause on a busy machine.
fn convictions(polls: u64) {
    let busy: Vec<_> = (0..8).map(|_| Busy::start()).collect();
    let programs = [
        ("ping-pong-pipes", "100000"),
        ("ping-pong-condvar", "100000"),
        ("ping-pong-semaphores", "100000"),
        ("slow-producer", ""),
        ("long-sleep", ""),
        ("alarm", ""),
        ("interval-timer", ""),
        ("posix-timer", ""),
        ("waits-for-signal", ""),
        ("socket-timeout", ""),
        ("timer-descriptor", ""),
        ("worker-sleeps", ""),
    ];
    let (mut made, mut runs, mut convicted) = (0, 0, 0);
    for (name, argument) in programs.iter().cycle() {
        let mut request = observation::Request::new(specimen());
        request.args = vec![(*name).to_owned(), (*argument).to_owned()];
        request.limits.wall = Duration::from_secs(120);
        let (seen, attempts) = observe::observe_relentlessly(&request).expect("it can be run");
        made += attempts;
        runs += 1;
        if seen.verdict != Verdict::Pass {
            println!("{name}: {}: {}", seen.verdict, seen.reason);
            convicted += u32::from(seen.verdict == Verdict::Deadlock);
        }
        if made >= polls {
            break;
        }
    }
    println!(
        "{made} polls of correct programs in {runs} runs beside {} busy processes: {convicted} convicted",
        busy.len()
    );
}

/// A process that uses as much of a processor as it gets.
struct Busy(Child);

impl Busy {
    fn start() -> Self {
        let mut command = std::process::Command::new(specimen());
        command.arg("spin").stdin(Stdio::null());
        Self(command.spawn().expect("a process can be started"))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The moment of the start, what was seen, and the moment of the end.
fn observed(arguments: &[&str]) -> (Duration, Observation, Duration) {
    let (stdio, streams) = streams(Vec::new()).expect("pipes can be made");
    let suspended = jail::suspend(command(arguments), &stdio, Vec::new()).expect("it can fork");
    drop(stdio);
    let started = now();
    let request = Request::new("");
    let seen = observe::watch(suspended, streams, &request, Surroundings::Shared);
    (started, seen.expect("it can be observed"), now())
}

fn unobserved(name: &str) -> Duration {
    let before = Instant::now();
    let (stdio, _streams) = streams(Vec::new()).expect("pipes can be made");
    let suspended = jail::suspend(command(&[name]), &stdio, Vec::new()).expect("it can fork");
    let pid = suspended.resume().expect("it can be executed");
    let status = nix::sys::wait::waitpid(pid, None).expect("it is our child");
    assert!(matches!(status, nix::sys::wait::WaitStatus::Exited(_, 0)));
    assert!(reap(pid).is_err());
    before.elapsed()
}

fn command(arguments: &[&str]) -> jail::Command {
    jail::Command::new(&specimen(), arguments.iter().copied(), []).expect("no NUL bytes")
}

/// The specimens are examples, built beside this by `cargo build --examples`.
fn specimen() -> PathBuf {
    let bench = std::env::current_exe().expect("a bench knows its own path");
    let target = bench.ancestors().nth(2).expect("benches are in target/<profile>/deps");
    target.join("examples/specimen")
}

/// The last moment at which a task said that it was about to block.
fn last_mark(seen: &Observation) -> Duration {
    let marks = seen.stderr.text.lines().filter_map(|line| line.strip_prefix("blocks "));
    let last = marks.filter_map(|mark| mark.parse().ok()).max();
    Duration::from_nanos(last.expect("the specimen says when it blocks"))
}

fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every host has this clock").into()
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn worst(sorted: &[Duration]) -> f64 {
    sorted.last().map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
