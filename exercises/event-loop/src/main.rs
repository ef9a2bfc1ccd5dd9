//! One process plays the world, which writes; this one listens to all of it in one thread.
//!
//!     cargo run -p event-loop -- --sources 3 --lines 2 --timers 30,10,20
//!
//! Even sources are pipes, odd ones sockets. The world writes `--lines` lines into each, in
//! pieces, and ends when all timers of less than a minute have fired. `--slow 1` names a source of
//! which half a line comes, and the rest only after all others have been heard and have ended.
//! With `--late 1` the listener begins when the world has said all that it can, and all timers of
//! less than a minute are due; pipes hold a megabyte then.
//! With `--stuck 1` the world writes a line and a half into each and then nothing, with `--stuck 2`
//! it also ends the first. With `--asleep 1` it says half a line, and as soon as the listener sleeps it
//! sends it a signal; when it sleeps again that is the end. With `--tally 1` each timer says how often
//! the listener has fallen asleep so far. With `--chatter 1` there is one more source, before the others, or with `--chatter 2`
//! behind them, that speaks without a pause until all others have ended. Lines have `--words`
//! words, and blanks around them if they are long.

use std::cell::Cell;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::thread;
use std::time::{Duration, Instant};

use event_loop::EventLoop;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};
use stage::{Arguments, Gate, event, until_asleep};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "sources", "lines", "words", "timers", "slow", "late", "stuck", "asleep", "tally",
        "chatter",
    ]);
    let sources = arguments.get("sources", 3);
    let timers = arguments.list("timers", Vec::<u64>::new());
    let soon: Vec<_> = timers.iter().copied().filter(|&delay| delay < 60_000).collect();
    let script = Script {
        lines: arguments.get("lines", 2),
        words: arguments.get("words", 3),
        timers: soon.len(),
        slow: arguments.list("slow", Vec::new()).first().copied(),
        late: arguments.get("late", 0) > 0,
        stuck: arguments.get("stuck", 0),
        asleep: arguments.get("asleep", 0) > 0,
    };

    let (mut ears, mut mouths) = (Vec::new(), Vec::new());
    for number in 0..sources {
        let (ear, mouth) = channel(number, script.late)?;
        ears.push(ear);
        mouths.push(Some(mouth));
    }
    let (heard, hear) = io::pipe()?;
    if script.asleep {
        hear_of_signals()?;
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
    let chatter = Chatter::new(sources)?;
    let runs = Cell::new(false);
    let mut events = EventLoop::new();
    if arguments.get("chatter", 0) == 1 {
        chatter.speak_to(&mut events);
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
                    chatter.others.update(|others| others - 1);
                }
            }
            hear(b"l");
        });
    }
    if arguments.get("chatter", 0) == 2 {
        chatter.speak_to(&mut events);
    }
    let tally = arguments.get("tally", 0) > 0;
    for delay in timers {
        let moment = now + Duration::from_millis(delay);
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
        let last = now + Duration::from_millis(soon.into_iter().max().unwrap_or(0));
        thread::sleep(last.saturating_duration_since(Instant::now()));
    }
    runs.set(true);
    events.run()?;
    event("main", "done");
    wait()?;
    Ok(())
}

/// A source that has said the next line before anybody could ask for it.
struct Chatter {
    ears: Cell<Option<PipeReader>>,
    mouth: Cell<Option<PipeWriter>>,
    /// How many other sources have not ended.
    others: Cell<usize>,
}

impl Chatter {
    fn new(others: usize) -> io::Result<Self> {
        let (ears, mouth) = io::pipe()?;
        let (ears, mouth) = (Cell::new(Some(ears)), Cell::new(Some(mouth)));
        Ok(Self { ears, mouth, others: Cell::new(others) })
    }

    fn speak_to<'a>(&'a self, events: &mut EventLoop<'a>) {
        let Some(ears) = self.ears.take() else { return };
        self.go_on();
        events.lines(ears.into(), |line| match line {
            Some(_) => self.go_on(),
            None => event("chatter", "end"),
        });
    }

    /// The next line, or the end.
    fn go_on(&self) {
        let Some(mut mouth) = self.mouth.take() else { return };
        if self.others.get() > 0 && mouth.write_all(b"and\n").is_ok() {
            self.mouth.set(Some(mouth));
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

/// From now on a signal interrupts a wait, and does nothing else.
fn hear_of_signals() -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
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
    /// Whether the listener begins only when all has been said.
    late: bool,
    stuck: usize,
    /// Whether it waits until the listener sleeps, disturbs it, and waits again.
    asleep: bool,
}

impl Script {
    fn play(&self, mut mouths: Vec<Option<OwnedFd>>, mut heard: PipeReader) -> io::Result<()> {
        if self.stuck > 0 {
            for (number, mouth) in mouths.iter().enumerate() {
                let line = self.line(number, 0) + "\n";
                say(mouth, line.as_bytes())?;
                say(mouth, &line.as_bytes()[..3])?;
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
            say(&mouths[slow], first)?;
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
        self.wait_for(b't', self.timers, &mut heard)
    }

    /// Words of letters that take one to four bytes each.
    fn line(&self, number: usize, at: usize) -> String {
        let word = |word| format!("é{}数🦀", number * 1000 + at * 100 + word);
        let words = (0..self.words).map(word).collect::<Vec<_>>().join(" ");
        if self.words < 20 { words } else { format!("\t {words} \t") }
    }

    /// Waits until the listener has given `count` of these signs, and passes over others.
    fn wait_for(&self, sign: u8, count: usize, heard: &mut PipeReader) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
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
