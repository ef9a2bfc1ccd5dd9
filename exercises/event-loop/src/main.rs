//! One process plays the world, which writes; this one listens to all of it in one thread.
//!
//!     cargo run -p event-loop -- --sources 3 --lines 2 --timers 30,10,20
//!     cargo run -p event-loop -- --sources 3 --lines 2 --slow 1
//!
//! Even sources are pipes, odd ones sockets. The world writes `--lines` lines into each, in
//! pieces, and ends when all timers of less than a minute have fired. `--slow 1` names a source of
//! which half a character comes, and the rest only after all others have been heard and have ended.
//! Timers are in milliseconds from now: `0.3` and `-1`, which has passed, will do.
//! The world itself stands in `acts`, as does what other arguments ask for, for the checks.

mod acts;

use std::cell::Cell;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::thread;
use std::time::{Duration, Instant};

use event_loop::EventLoop;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::Signal;
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork, getpid};
use stage::{Arguments, event, until_asleep};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "sources", "lines", "words", "timers", "slow", "full", "late", "stays", "stuck", "asleep",
        "disturb", "tally", "chatter",
    ]);
    let sources = arguments.get("sources", 3);
    let timers = arguments.list("timers", Vec::<f64>::new());
    let soon: Vec<_> = timers.iter().copied().filter(|&delay| delay < 60_000.0).collect();
    let script = Script {
        lines: arguments.get("lines", 2),
        words: arguments.get("words", 3),
        timers: soon.len(),
        slow: arguments.list("slow", Vec::new()).first().copied(),
        full: arguments.get("full", 0) > 0,
        late: arguments.get("late", 0) > 0,
        stays: arguments.get("stays", 0) > 0,
        stuck: arguments.get("stuck", 0),
        asleep: arguments.get("asleep", 0) > 0,
        disturb: arguments.get("disturb", 0) > 0,
    };

    let (mut ears, mut mouths) = (Vec::new(), Vec::new());
    for number in 0..sources {
        let (ear, mouth) = channel(number, script.late)?;
        ears.push(ear);
        mouths.push(Some(mouth));
    }
    let (heard, hear) = io::pipe()?;
    if script.asleep || script.disturb {
        // A signal interrupts a wait, and does nothing else.
        acts::handle(Signal::SIGUSR1, acts::ignore)?;
    }
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    let ForkResult::Parent { child: world } = unsafe { fork() }? else {
        drop((ears, hear));
        exit(i32::from(script.play(mouths, heard).is_err()));
    };
    drop((mouths, heard));

    // The world may have said all that it had to say, and be gone.
    let hear = |sign: &[u8]| drop((&hear).write_all(sign));
    let now = Instant::now();
    let chatter = acts::Chatter::new(sources);
    let runs = Cell::new(false);
    let mut events = EventLoop::new();
    if arguments.get("chatter", 0) == 1 {
        chatter.speak_to(&mut events)?;
    }
    for (number, ear) in ears.into_iter().enumerate() {
        let chatter = &chatter;
        events.lines(ear, move |line| {
            let who = format!("source-{number}");
            match line {
                Some(line) if line.len() < 80 => event(who, format_args!("line={line}")),
                Some(line) => event(who, format_args!("bytes={} sum={}", line.len(), sum(line))),
                None => {
                    event(who, "end");
                    chatter.one_less();
                }
            }
            hear(b"l");
        });
    }
    if arguments.get("chatter", 0) == 2 {
        chatter.speak_to(&mut events)?;
    }
    let tally = arguments.get("tally", 0) > 0;
    for delay in timers {
        let moment = at(now, delay);
        let runs = &runs;
        events.at(moment, move || {
            let early = !runs.get() || Instant::now() < moment;
            let when = if early { "too early " } else { "" };
            event("timer", format_args!("{when}fires={delay}"));
            if tally {
                let slept = acts::times_asleep(getpid()).unwrap_or(0);
                event("main", format_args!("slept={slept}"));
            }
            hear(b"t");
        });
    }
    if script.late {
        until_asleep(world.as_raw());
        let last = at(now, soon.into_iter().fold(0.0, f64::max));
        thread::sleep(last.saturating_duration_since(Instant::now()));
    }
    runs.set(true);
    events.run()?;
    event("main", "done");
    wait()?;
    Ok(())
}

/// So many milliseconds later, or sooner.
fn at(moment: Instant, delay: f64) -> Instant {
    let distance = Duration::from_secs_f64(delay.abs() / 1000.0);
    if delay < 0.0 { moment - distance } else { moment + distance }
}

/// The two ends of a pipe, which may be a large one, or of a pair of sockets.
fn channel(number: usize, large: bool) -> io::Result<(OwnedFd, OwnedFd)> {
    if number.is_multiple_of(2) {
        let (reader, writer): (PipeReader, PipeWriter) = io::pipe()?;
        if large {
            fcntl(&writer, FcntlArg::F_SETPIPE_SZ(1 << 20))?;
        }
        return Ok((reader.into(), writer.into()));
    }
    let (ear, mouth) = UnixStream::pair()?;
    Ok((ear.into(), mouth.into()))
}

/// Depends on each byte of a line, and on its place.
fn sum(line: &str) -> u32 {
    line.bytes().fold(0, |sum, byte| (sum * 31 + u32::from(byte)) % 1_000_003)
}

/// What the world does.
struct Script {
    lines: usize,
    words: usize,
    /// How many timers it waits for before it ends.
    timers: usize,
    slow: Option<usize>,
    /// Whether that one says as much at first as fills a buffer of 64 KiB, or of half that, and so on.
    full: bool,
    /// Whether the listener begins only when all has been said.
    late: bool,
    /// Whether it waits for all whole lines before it ends.
    stays: bool,
    stuck: usize,
    /// Whether it waits until the listener sleeps, disturbs it, and waits again.
    asleep: bool,
    /// Whether it disturbs the listener while timers are to come.
    disturb: bool,
}
