//! Children send lists through pipes, and their parent gathers them.
//!
//!     cargo run -p pipe -- --children 5 --numbers 1,2,3,4,5
//!
//! Each child sends `--numbers`, or with `--length 30000` that many times its own number; with
//! `--shorter 1` one less than the child before it. The first `--meet` children wait for one
//! another before they send; then child `--die` is ended by a signal, child `--panic` panics, and
//! child `--interrupt` sends the waiting parent a signal. With `--beside 1` the last child sends when
//! the first is in the midst of it; with `--torn 1` it kills the first then. With `--times 2` they
//! are gathered twice. With `--other 77` the program has another child, which has ended with that
//! status. With `--scarce 7` no more than that many descriptors can be opened. With `--gone 1` the
//! only child kills its parent before it sends. `--pieces 3` sends the list through something that
//! takes and gives 3 bytes at a time, and that a signal interrupts again and again.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::panic::resume_unwind;
use std::process::exit;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, raise, sigaction};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getppid};
use pipe::{gather, receive, send};
use stage::{Arguments, Meeting, event, until_asleep};

fn main() -> io::Result<()> {
    let known = [
        "children",
        "numbers",
        "shorter",
        "length",
        "meet",
        "die",
        "panic",
        "interrupt",
        "beside",
        "torn",
        "scarce",
        "other",
        "pieces",
        "times",
        "gone",
    ];
    let arguments = Arguments::take(&known);
    let numbers = arguments.list("numbers", vec![1, 2, 3, 4, 5]);
    be_interrupted()?;
    if arguments.get("gone", 0) != 0 {
        return parent_is_gone();
    }
    let times = arguments.get("times", 1);
    let gather_all = || (0..times).try_for_each(|_| from_children(&arguments, &numbers));
    match (arguments.get("pieces", 0), arguments.get("other", 0)) {
        (0, 0) => gather_all(),
        (0, status) => beside_another(status, gather_all),
        (size, _) => in_pieces(size, &numbers),
    }
}

fn from_children(arguments: &Arguments, numbers: &[i64]) -> io::Result<()> {
    let children = arguments.get("children", 5);
    let shorter = arguments.get("shorter", 0);
    let length: usize = arguments.get("length", 0);
    let die = arguments.get("die", 0);
    let panic = arguments.get("panic", 0);
    let interrupt = arguments.get("interrupt", 0);
    let torn = arguments.get("torn", 0) != 0;
    let beside = torn || arguments.get("beside", 0) != 0;
    let scarce = arguments.get("scarce", 0);
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    let (hear, tell) = io::pipe()?;
    let parent = Pid::this();

    if scarce > 0 {
        permit_descriptors(scarce)?;
    }
    let gathered = gather(children, |number| {
        let who = format!("child-{number}");
        event(&who, "start");
        meeting.meet().expect("the pipes of the meeting are open");
        if number == die {
            raise(Signal::SIGTERM).expect("a process may send signals to itself");
        }
        if number == panic {
            // Unwinds as a panic does, without the message.
            resume_unwind(Box::new("told to panic"));
        }
        if number == interrupt {
            (0..3).for_each(|_| interrupt_sleep(parent));
        }
        event(&who, "send");
        if beside && number == 1 {
            if torn {
                // Nobody reads what it sends until it has been killed.
                stop(parent);
            }
            let this = Pid::this().as_raw().to_ne_bytes();
            (&tell).write_all(&this).expect("the pipe is open");
        } else if beside && number == children {
            let mut first = [0; 4];
            (&hear).read_exact(&mut first).expect("the pipe is open");
            let first = i32::from_ne_bytes(first);
            // It works at its list, and sleeps when it has filled a pipe.
            (0..20).for_each(|_| until_asleep(first));
            if torn {
                kill(Pid::from_raw(first), Signal::SIGKILL).expect("it has not been reaped");
                kill(parent, Signal::SIGCONT).expect("the parent is there");
            }
        }
        let less = shorter * (number - 1);
        match length {
            0 => numbers[..numbers.len().saturating_sub(less)].to_vec(),
            length => vec![number as i64; length.saturating_sub(less)],
        }
    });
    let lists = match gathered {
        // What may be an error then, says the comment of `gather`.
        Err(error) if torn || scarce > 0 => {
            event("main", "error");
            eprintln!("the error says: {error}");
            return Ok(());
        }
        gathered => gathered?,
    };
    // Not more than anybody can read, should they have come apart.
    for list in lists.iter().take(1_000) {
        event("main", format_args!("got {}", in_short(list)));
    }
    event("main", format_args!("lists={}", lists.len()));
    Ok(())
}

/// A process gathers, and its child kills it, and then has a list that nobody reads. The end of a
/// pipe tells that nobody is left.
fn parent_is_gone() -> io::Result<()> {
    let (mut alive, held) = io::pipe()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let parent = Pid::this();
            let _ = gather(1, |_| {
                let _ = kill(parent, Signal::SIGKILL);
                while getppid() == parent {
                    thread::sleep(Duration::from_millis(1));
                }
                vec![1]
            });
            event(if Pid::this() == parent { "parent" } else { "child-1" }, "returns");
            exit(0)
        }
        ForkResult::Parent { child } => waitpid(child, None)?,
    };
    drop(held);
    // Nobody writes, so this is the end.
    let _ = alive.read(&mut [0])?;
    Ok(())
}

/// From now on a signal ends every call that it interrupts, and nothing else.
fn be_interrupted() -> io::Result<()> {
    extern "C" fn ignore(_: libc::c_int) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
}

fn interrupt_sleep(parent: Pid) {
    until_asleep(parent.as_raw());
    kill(parent, Signal::SIGUSR1).expect("the parent is there");
}

/// Stops the parent, and returns when it has come to a stop, or seems not to.
fn stop(parent: Pid) {
    kill(parent, Signal::SIGSTOP).expect("the parent is there");
    for _ in 0..2_000 {
        let stat = fs::read_to_string(format!("/proc/{parent}/stat")).unwrap_or_default();
        // The state stands behind the name, which may hold anything.
        if stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['T', 't'])) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Permits this process that many descriptors more, and then no other.
fn permit_descriptors(more: u64) -> io::Result<()> {
    let next = io::stdin().as_fd().try_clone_to_owned()?.as_raw_fd();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit lives long enough.
    let done = unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = next as u64 + more;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit)
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Does `job` while this process has another child, which has ended with `status` and waits to
/// be waited for.
fn beside_another(status: i32, job: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    let other = match unsafe { fork() }? {
        ForkResult::Child => exit(status),
        ForkResult::Parent { child } => child,
    };
    waitid(Id::Pid(other), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    job()?;
    let left = waitpid(other, None) == Ok(WaitStatus::Exited(other, status));
    event("main", format_args!("other={}", if left { "left" } else { "taken" }));
    Ok(())
}

/// Sends the list, an empty one and a third, and receives until the end.
fn in_pieces(size: usize, numbers: &[i64]) -> io::Result<()> {
    const THIRD: [i64; 4] = [-1, 0, i64::MIN, i64::MAX];
    let mut wire = Wire::new(size);
    send(&mut wire, numbers)?;
    send(&mut wire, &[])?;
    send(&mut wire, &THIRD)?;
    while let Some(list) = receive(&mut wire)? {
        event("main", format_args!("got {}", in_short(&list)));
    }
    event("main", "end");

    // All bytes can be had at once, and those of the second list are there already.
    let mut wire = Wire::new(usize::MAX);
    send(&mut wire, numbers)?;
    let first = wire.bytes.len();
    send(&mut wire, &THIRD)?;
    let both = wire.bytes.len();
    receive(&mut wire)?;
    event("main", format_args!("beyond={}", both - wire.bytes.len() > first));

    let long = [7; 2_000];
    let refused = [&[][..], &THIRD, &long].into_iter().map(|list| cut_is_an_error(size, list));
    let refused = refused.collect::<io::Result<Vec<_>>>()?.iter().all(|&refused| refused);
    event("main", format_args!("cut={}", if refused { "error" } else { "accepted" }));
    Ok(())
}

/// Whether `receive` refuses `list` wherever it is cut short after its first byte: behind every
/// byte of a short one, behind some of a long one.
fn cut_is_an_error(size: usize, list: &[i64]) -> io::Result<bool> {
    let mut whole = Wire::new(size);
    send(&mut whole, list)?;
    let length = whole.bytes.len();
    let places = (1..length).rev().step_by(1 + length / 200);
    let mut cut = places.map(|place| whole.bytes.range(..place).copied().collect());
    Ok(cut.all(|bytes| receive(&mut Wire { bytes, ..Wire::new(size) }).is_err()))
}

/// `[1 2 3]`, and `[3x7]` for three sevens in a row.
fn in_short(list: &[i64]) -> String {
    const SHOWN: usize = 12;
    let runs: Vec<_> = list.chunk_by(|one, next| one == next).collect();
    let words = runs.iter().take(SHOWN).map(|run| match run.len() {
        1 => run[0].to_string(),
        count => format!("{count}x{}", run[0]),
    });
    let rest = if runs.len() > SHOWN { " ..." } else { "" };
    format!("[{}{rest}]", words.collect::<Vec<_>>().join(" "))
}

/// Takes and gives at most `size` bytes at a time, as pipes and sockets may, and every other call
/// of it is interrupted by a signal.
struct Wire {
    size: usize,
    bytes: VecDeque<u8>,
    interrupted: bool,
}

impl Wire {
    fn new(size: usize) -> Self {
        Self { size, bytes: VecDeque::new(), interrupted: false }
    }

    fn interrupt(&mut self) -> io::Result<()> {
        self.interrupted = !self.interrupted;
        if self.interrupted { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

impl Write for Wire {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.interrupt()?;
        let taken = from.len().min(self.size);
        self.bytes.extend(&from[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.interrupt()?;
        let most = into.len().min(self.size);
        self.bytes.read(&mut into[..most])
    }
}
