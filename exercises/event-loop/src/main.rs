//! One process plays the world, which writes; this one listens to all of it in one thread.
//!
//!     cargo run -p event-loop -- --sources 3 --lines 2 --timers 30,10,20
//!
//! Even sources are pipes, odd ones sockets. The world writes `--lines` lines into each, in
//! pieces, and ends when all timers of less than a minute have fired. `--slow 1` names a source of
//! which half a character comes, and the rest only after all others have been heard and have ended.
//! With `--full 1` there is a line in front of that half, so long that both fill a pipe, and it is
//! to be heard before the others speak.
//! With `--late 1` the listener begins when the world has said all that it can, and all timers of
//! less than a minute are due; the world waits for none of them, and pipes hold a megabyte then.
//! Timers are in milliseconds from now: `0.3` and `-1`, which has passed, will do.
//! With `--stuck 1` the world writes two lines and a half into each at once and then nothing, with
//! `--stuck 2` it also ends the first. With `--asleep 1` it says half a line, and as soon as the
//! listener sleeps it sends it a signal; when it sleeps again that is the end. With `--disturb 1`
//! it sends signals until all timers of less than a minute have fired. With `--tally 1` each timer
//! says how often the listener has fallen asleep so far. With `--chatter 1` there is one more
//! source, before the others, or with `--chatter 2` behind them, that speaks without a pause until
//! all others have ended and a line of its own has been heard. Lines have `--words` words, and
//! blanks around them and a carriage return behind them if they are long.

use std::cell::Cell;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use event_loop::EventLoop;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};
use stage::{Arguments, Gate, event, until_asleep};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "sources", "lines", "words", "timers", "slow", "full", "late", "stuck", "asleep",
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
        handle(Signal::SIGUSR1, ignore)?;
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
    let chatter = Chatter::new(sources);
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
                let slept = times_asleep(getpid()).unwrap_or(0);
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

/// A source that has said the next lines before anybody could ask for them, even while its listener
/// reads on: each read that makes room is answered by a signal, whose handler fills the pipe.
struct Chatter {
    mouth: Cell<Option<PipeWriter>>,
    heard: Cell<bool>,
    /// How much is to come before it ends: the end of each other source, and a line of its own.
    left: Cell<usize>,
}

/// As many lines as the pipe holds, so that a read never asks for more than there is.
static TALK: [u8; 1 << 16] = {
    let mut lines = [b'-'; 1 << 16];
    let mut end = 1023;
    while end < lines.len() {
        lines[end] = b'\n';
        end += 1024;
    }
    lines
};

/// The descriptor of the mouth, for the handler.
static MOUTH: AtomicI32 = AtomicI32::new(-1);

extern "C" fn talk(_: i32) {
    // SAFETY: the mouth is open as long as it can be read here, and `write` may be called by a
    // handler. It cannot block.
    unsafe { libc::write(MOUTH.load(Ordering::Relaxed), TALK.as_ptr().cast(), TALK.len()) };
}

impl Chatter {
    fn new(others: usize) -> Self {
        Self { mouth: Cell::new(None), heard: Cell::new(false), left: Cell::new(others + 1) }
    }

    fn speak_to<'a>(&'a self, events: &mut EventLoop<'a>) -> io::Result<()> {
        let (ears, mouth) = io::pipe()?;
        handle(Signal::SIGIO, talk)?;
        fcntl(&mouth, FcntlArg::F_SETPIPE_SZ(TALK.len() as i32))?;
        fcntl(&mouth, FcntlArg::F_SETFL(OFlag::O_ASYNC | OFlag::O_NONBLOCK))?;
        // SAFETY: the descriptor is open, and the argument is a pid.
        unsafe { libc::fcntl(mouth.as_raw_fd(), libc::F_SETOWN, getpid().as_raw()) };
        MOUTH.store(mouth.as_raw_fd(), Ordering::Relaxed);
        self.mouth.set(Some(mouth));
        talk(0);
        events.lines(ears.into(), |line| match line {
            Some(_) if self.heard.replace(true) => {}
            Some(_) => {
                event("chatter", "heard");
                self.one_less();
            }
            None => event("chatter", "end"),
        });
        Ok(())
    }

    /// With the last of what is to come this one ends, too.
    fn one_less(&self) {
        self.left.update(|left| left - 1);
        if self.left.get() == 0 {
            MOUTH.store(-1, Ordering::Relaxed);
            drop(self.mouth.take());
        }
    }
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

fn handle(signal: Signal, handler: extern "C" fn(i32)) -> io::Result<()> {
    let action = SigAction::new(SigHandler::Handler(handler), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handlers here do nothing, or what a handler may do.
    unsafe { sigaction(signal, &action) }?;
    Ok(())
}

extern "C" fn ignore(_: i32) {}

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
    stuck: usize,
    /// Whether it waits until the listener sleeps, disturbs it, and waits again.
    asleep: bool,
    /// Whether it disturbs the listener while timers are to come.
    disturb: bool,
}

impl Script {
    fn play(&self, mut mouths: Vec<Option<OwnedFd>>, mut heard: PipeReader) -> io::Result<()> {
        if self.stuck > 0 {
            for (number, mouth) in mouths.iter().enumerate() {
                let (first, second) = (self.line(number, 0), self.line(number, 1));
                // At once, so that no second piece comes after the first.
                say(mouth, format!("{first}\n{second}\né").as_bytes())?;
            }
            if self.stuck > 1 {
                mouths[0] = None;
            }
            return Gate::new()?.pass();
        }
        if self.asleep {
            for (number, mouth) in mouths.iter().enumerate() {
                say(mouth, &self.line(number, 0).as_bytes()[..3])?;
            }
            let listener = getppid();
            until_it_sleeps(listener)?;
            let times = times_asleep(listener)?;
            kill(listener, Signal::SIGUSR1)?;
            while times_asleep(listener)? == times {
                thread::yield_now();
            }
            return until_it_sleeps(listener);
        }
        if let Some(slow) = self.slow {
            let line = self.line(slow, 0) + "\n";
            // The first character takes two bytes: cut in the middle.
            let (first, rest) = line.as_bytes().split_at(1);
            let full = if self.full { "-".repeat((1 << 16) - 2) + "\n" } else { String::new() };
            // At once, so that the last read fills its array, too.
            say(&mouths[slow], &[full.as_bytes(), first].concat())?;
            self.wait_for(b'l', usize::from(self.full), &mut heard)?;
            // To be heard one by one, or all at once by who comes late.
            let (one, all) = if self.late { (0, self.lines + 1) } else { (1, 0) };
            // From behind: who looks at the first few alone hears nothing.
            for number in (0..mouths.len()).rev().filter(|&number| number != slow) {
                for at in 0..self.lines {
                    say(&mouths[number], format!("{}\n", self.line(number, at)).as_bytes())?;
                    self.wait_for(b'l', one, &mut heard)?;
                }
                mouths[number] = None;
                self.wait_for(b'l', one, &mut heard)?;
            }
            self.wait_for(b'l', all * (mouths.len() - 1), &mut heard)?;
            say(&mouths[slow], rest)?;
            return Ok(());
        }
        for (number, mouth) in mouths.iter().enumerate() {
            let lines: Vec<_> = (0..self.lines).map(|at| self.line(number, at)).collect();
            let text = lines.join("\n");
            // The last line has no end. The first third comes in pieces that are cut at odd
            // places, the rest, perhaps several lines, at once.
            let (pieces, rest) = text.as_bytes().split_at(text.len() / 3);
            for piece in pieces.chunks(7 + self.words * 5 / 2) {
                say(mouth, piece)?;
            }
            say(mouth, rest)?;
        }
        let timers = if self.late { 0 } else { self.timers };
        self.wait_for(b't', timers, &mut heard)
    }

    /// Words of letters that take one to four bytes each.
    fn line(&self, number: usize, at: usize) -> String {
        let word = |word| format!("é{}数🦀", number * 1000 + at * 100 + word);
        let words = (0..self.words).map(word).collect::<Vec<_>>().join(" ");
        if self.words < 20 { words } else { format!("\t {words} \t\r") }
    }

    /// Waits until the listener has given `count` of these signs, and passes over others. If it is
    /// to be disturbed, a signal goes to it whenever 20 milliseconds have passed without any.
    fn wait_for(&self, sign: u8, count: usize, heard: &mut PipeReader) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            let mut sign_to_come = [PollFd::new(heard.as_fd(), PollFlags::POLLIN)];
            if self.disturb && poll(&mut sign_to_come, 20_u8)? == 0 {
                kill(getppid(), Signal::SIGUSR1)?;
                continue;
            }
            let mut byte = [0];
            heard.read_exact(&mut byte)?;
            left -= usize::from(byte[0] == sign);
        }
        Ok(())
    }
}

/// Returns once the process sleeps or has ended; one that never does is waited for until the run
/// is over.
fn until_it_sleeps(process: Pid) -> io::Result<()> {
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
        // Behind the name, which stands in brackets.
        if stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['S', 'Z'])) {
            return Ok(());
        }
        thread::yield_now();
    }
}

/// How often the first thread of a process has given up the processor by itself.
fn times_asleep(process: Pid) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let mut lines = status.lines();
    let times = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    times.and_then(|times| times.trim().parse().ok()).ok_or(io::ErrorKind::InvalidData.into())
}

fn say(mouth: &Option<OwnedFd>, text: &[u8]) -> io::Result<()> {
    let mouth = mouth.as_ref().ok_or(io::ErrorKind::NotConnected)?;
    std::fs::File::from(mouth.try_clone()?).write_all(text)
}
