//! The life of some processes, from before the start to after the join.
//!
//!     cargo run -p process -- --ends 0,3,-9 --name painter
//!
//! Each process stands at a gate until it has been looked at. `--life` says what is done
//! next: `join` (the default), `look` while it is stopped and until the end has been seen, `short`:
//! join with a timeout that runs out, while it is stopped (with `--called 2` the second also before
//! that, while its parent gets SIGCHLD again and again), and with one in whose first nap it ends;
//! `late`: join with none at all, when it has ended. With `together` and `long` all are made first,
//! run at the same time, and end in another order; with `--stopped 1` the last is stopped in
//! `together` until its parent sleeps in the join; `long` joins with timeouts that do not run out,
//! and at first another child of the program ends meanwhile.
//! `refused` starts one process while the system permits none, and once more when it does. With
//! `--other 77` the program has another child all the while, which has ended with that status and has
//! not been waited for.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::process::parent_id;
use std::process::id;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use process::Process;
use stage::{Arguments, Gate, event};

/// Timeouts that are never over: 2^32 milliseconds are 50 days.
const LONG: [Duration; 3] =
    [Duration::MAX, Duration::from_secs(3600), Duration::from_millis(1 << 32)];

/// The arguments of the target, by name: what keyword arguments are in other languages.
struct Order {
    number: usize,
    end: i32,
    words: Vec<String>,
    /// Whether it goes on until its parent sleeps.
    linger: bool,
    /// Who has to end first.
    after: Option<Pid>,
}

fn main() -> io::Result<()> {
    let arguments =
        Arguments::take(&["ends", "name", "words", "life", "other", "called", "stopped"]);
    let ends = arguments.list("ends", vec![0, 3, -9]);
    let name = arguments.get("name", String::new());
    let words = arguments.list("words", vec!["red".to_owned(), "green".to_owned()]);
    let life = arguments.get("life", "join".to_owned());

    let other = arguments.get("other", 0);
    let other = if other > 0 { Some(ended_child(other)?) } else { None };

    say_when_a_process_exits();
    match life.as_str() {
        "together" => return together(&ends, false, arguments.get("stopped", 0) != 0),
        "long" => return together(&ends, true, false),
        "refused" => return refused(),
        _ => {}
    }
    let called = arguments.get("called", 0);
    for (number, end) in (1..).zip(ends) {
        let order = Order { number, end, words: words.clone(), linger: false, after: None };
        let (mut process, gate) = at_a_gate(order)?;
        if !name.is_empty() {
            process = process.named(&format!("{name}-{number}"));
        }
        let who = format!("main-{number}");
        look(&who, "before", &mut process)?;
        if process.join().is_ok() {
            event(&who, "joined before the start");
        }
        if process.join_timeout(Duration::ZERO).is_ok() {
            event(&who, "joined before the start, with a timeout");
        }
        process.start()?;
        if !name.is_empty() {
            // It is the same process, also while it runs.
            process = process.named(&format!("{name}-{number}"));
        }
        look(&who, "running", &mut process)?;
        if process.start().is_ok() {
            event(&who, "started twice");
        }
        live(&who, &life, &mut process, &gate, number == called)?;
        look(&who, "after", &mut process)?;
        match process.join() {
            Ok(()) => {
                look(&who, "again", &mut process)?;
                if !matches!(process.join_timeout(Duration::ZERO), Ok(true)) {
                    event(&who, "unsure: one more join with a timeout does not say so");
                }
            }
            Err(error) => event(&who, format_args!("again is an error: {error}")),
        }
        if process.start().is_ok() {
            event(&who, "started after its end");
        }
    }
    if !name.is_empty() {
        // Those before it count, whatever they are called now.
        event("main", format_args!("next name={}", Process::new(|()| 0, ()).name()));
    }
    if let Some(other) = other {
        // Whoever looks for the end of a process may have come across it.
        let _ = waitpid(other, None);
    }
    Ok(())
}

/// A process that stands at a gate until that is opened.
fn at_a_gate(order: Order) -> io::Result<(Process, Rc<Gate>)> {
    let gate = Rc::new(Gate::new()?);
    let at = gate.clone();
    Ok((Process::new(move |order| work(&order, &at), order), gate))
}

/// Processes that are made before any is started, and run at the same time; the last ends first.
///
/// If they `linger` each ends as soon as its parent sleeps in a join with a timeout, the last one
/// not before another child has done so.
fn together(ends: &[i32], linger: bool, stopped: bool) -> io::Result<()> {
    let begun = Rc::new(Gate::new()?);
    let other = if linger { Some(lingering_child(&begun)?) } else { None };
    let mut all = Vec::new();
    for (number, &end) in (1..).zip(ends) {
        let words = vec!["together".to_owned()];
        let after = other.filter(|_| number == ends.len());
        let (process, gate) = at_a_gate(Order { number, end, words, linger, after })?;
        all.push((format!("main-{number}"), process, gate));
    }
    for (_, process, _) in &mut all {
        process.start()?;
    }
    // Whoever was made last is asked first for its name.
    for (who, process, _) in all.iter_mut().rev() {
        look(who, "running", process)?;
    }
    begun.open()?;
    let stopped = all.last().filter(|_| stopped).and_then(|(_, process, _)| child_of(process));
    let helper = stopped.map(lets_go_on).transpose()?;
    for (index, (who, process, gate)) in all.iter_mut().enumerate().rev() {
        gate.open()?;
        if linger {
            let ended = process.join_timeout(LONG[index % LONG.len()])?;
            let code = show(process.exit_code());
            event(&*who, format_args!("timeout ended={ended} code={code}"));
        } else {
            process.join()?;
        }
        look(who, "after", process)?;
        if linger {
            // Whoever came back too early leaves nobody behind.
            let _ = process.join();
        }
    }
    for other in other.into_iter().chain(helper) {
        let _ = waitpid(other, None);
    }
    Ok(())
}

/// A start that fails, since this user may have no further process or thread, and one more when
/// there is room again.
fn refused() -> io::Result<()> {
    let mut process = Process::new(|()| 0, ());
    let mut usual = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // The limit does not bind root, so root tries to become somebody else.
    const NOBODY: libc::uid_t = 65534;
    // SAFETY: system calls on plain numbers and on structs that live long enough.
    unsafe {
        if libc::getuid() == 0 {
            libc::setuid(NOBODY);
        }
        libc::getrlimit(libc::RLIMIT_NPROC, &mut usual);
        libc::setrlimit(libc::RLIMIT_NPROC, &libc::rlimit { rlim_cur: 0, ..usual });
    }
    // Not every system lets itself be limited by everybody.
    if thread::Builder::new().spawn(|| {}).is_ok() {
        return Ok(());
    }
    let who = "main-1";
    if process.start().is_ok() {
        event(who, "started, although no process could be forked");
    }
    look(who, "refused", &mut process)?;
    if process.join().is_ok() || process.join_timeout(Duration::ZERO).is_ok() {
        event(who, "joined, although its start failed");
    }
    // SAFETY: a system call on a struct that lives long enough.
    unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &usual) };
    let Ok(other) = ended_child(0) else { return Ok(()) };
    waitpid(other, None)?;
    if let Err(error) = process.start() {
        event(who, format_args!("retried is an error: {error}"));
        return Ok(());
    }
    process.join()?;
    look(who, "retried", &mut process)
}

/// Registers something that runs whenever a process ends by `exit`, but not by `_exit`.
fn say_when_a_process_exits() {
    extern "C" fn at_exit() {
        event("exit", format_args!("pid={}", id()));
    }
    // SAFETY: the function that is registered lives as long as the program.
    unsafe { libc::atexit(at_exit) };
}

/// A child that has ended with `status`, and that nobody has waited for.
fn ended_child(status: i32) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        // SAFETY: ends this process and does nothing else.
        ForkResult::Child => unsafe { libc::_exit(status) },
        ForkResult::Parent { child } => {
            waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            Ok(child)
        }
    }
}

/// A child that ends when it has passed the gate and its parent sleeps.
fn lingering_child(gate: &Gate) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let _ = gate.pass();
            sleeps(parent_id());
            // SAFETY: ends this process and does nothing else.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => Ok(child),
    }
}

/// Does something while the process is stopped, which is no end.
fn while_stopped(
    process: &mut Process,
    act: impl FnOnce(&mut Process) -> io::Result<()>,
) -> io::Result<()> {
    let child = child_of(process);
    child.map(stop).transpose()?;
    act(process)?;
    if let Some(child) = child {
        kill(child, Signal::SIGCONT)?;
    }
    Ok(())
}

/// Does something while another child sends this process SIGCHLD again and again; the longest pause
/// in which none was sent.
fn while_called(act: impl FnOnce() -> io::Result<()>) -> io::Result<Duration> {
    let (parent, start) = (Pid::this(), Instant::now());
    let (mut reader, mut writer) = io::pipe()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            while parent_id().cast_signed() == parent.as_raw() {
                let _ = kill(parent, Signal::SIGCHLD);
                let _ = writer.write_all(&start.elapsed().as_secs_f64().to_ne_bytes());
                thread::sleep(Duration::from_millis(1));
            }
            // SAFETY: ends this process and does nothing else.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child: helper } => {
            let acted = act();
            let end = start.elapsed();
            kill(helper, Signal::SIGKILL)?;
            // Whoever handles SIGCHLD may still get one.
            while waitpid(helper, None) == Err(Errno::EINTR) {}
            acted?;
            drop(writer);
            let (mut last, mut longest, mut time) = (0.0, 0.0, [0; 8]);
            while reader.read_exact(&mut time).is_ok() {
                let time = f64::from_ne_bytes(time).min(end.as_secs_f64());
                longest = f64::max(longest, time - last);
                last = time;
            }
            Ok(Duration::from_secs_f64(longest.max(end.as_secs_f64() - last)))
        }
    }
}

/// The process behind an object. Whatever number that tells, nobody but a child is sent a signal.
fn child_of(process: &Process) -> Option<Pid> {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    process.pid().map(Pid::from_raw).filter(|&child| waitid(Id::Pid(child), flags).is_ok())
}

/// Stops a child, and returns when it has been stopped, or has ended.
fn stop(child: Pid) -> io::Result<()> {
    kill(child, Signal::SIGSTOP)?;
    let flags = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    waitid(Id::Pid(child), flags)?;
    Ok(())
}

/// Stops a child, and starts another that lets it go on when the parent of both sleeps.
fn lets_go_on(stopped: Pid) -> io::Result<Pid> {
    stop(stopped)?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            if !sleeps(parent_id()) {
                event("main", "the parent never slept");
            }
            let _ = kill(stopped, Signal::SIGCONT);
            // SAFETY: ends this process and does nothing else.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => Ok(child),
    }
}

/// Joins a process that ends in the first nap of the join, if that naps at all; when the nap is over
/// there is no time left.
fn ends_in_a_nap(who: &str, process: &mut Process, gate: &Rc<Gate>) -> io::Result<()> {
    let (child, gate, timeout) = (child_of(process), gate.clone(), Duration::from_millis(5));
    let let_go = gate.clone();
    naps::before_the_next(move || {
        let _ = let_go.open();
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        while child.map(|child| waitid(Id::Pid(child), flags)) == Some(Err(Errno::EINTR)) {}
        thread::sleep(timeout);
    });
    let ended = process.join_timeout(timeout)?;
    if naps::came() {
        event(who, format_args!("napped ended={ended}"));
    } else {
        gate.open()?;
    }
    if ended { Ok(()) } else { process.join() }
}

/// C's ways of napping, which take the place of the library's: a nap may take longer than it was
/// meant to, and much may happen in it.
mod naps {
    use std::cell::Cell;

    use libc::{c_int, clockid_t, timespec};

    thread_local! {
        static NEXT: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
    }

    /// What happens at the beginning of the next nap of this process.
    pub fn before_the_next(act: impl FnOnce() + 'static) {
        NEXT.set(Some(Box::new(act)));
    }

    /// Whether that nap came; if not, nothing happens any more.
    pub fn came() -> bool {
        NEXT.take().is_none()
    }

    #[unsafe(no_mangle)]
    extern "C" fn nanosleep(time: *const timespec, left: *mut timespec) -> c_int {
        NEXT.take().into_iter().for_each(|act| act());
        // SAFETY: the caller's pointers, which the system call looks at.
        unsafe { libc::syscall(libc::SYS_nanosleep, time, left) as c_int }
    }

    #[unsafe(no_mangle)]
    extern "C" fn clock_nanosleep(
        clock: clockid_t,
        flags: c_int,
        time: *const timespec,
        left: *mut timespec,
    ) -> c_int {
        NEXT.take().into_iter().for_each(|act| act());
        // SAFETY: as above.
        match unsafe { libc::syscall(libc::SYS_clock_nanosleep, clock, flags, time, left) } {
            0 => 0,
            // SAFETY: every thread has its `errno`.
            _ => unsafe { *libc::__errno_location() },
        }
    }
}

/// What is done with a process that runs, until it has ended.
fn live(
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
            if let Some(pid) = process.pid() {
                // It has ended when this returns, and nobody has reaped it.
                waitid(Id::Pid(Pid::from_raw(pid)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            }
            event(who, format_args!("unseen code={}", show(process.exit_code())));
            if life == "late" {
                let ended = process.join_timeout(Duration::ZERO)?;
                let code = show(process.exit_code());
                event(who, format_args!("late ended={ended} code={code}"));
            }
        }
        "short" => {
            if process.join_timeout(Duration::ZERO)? {
                event(who, "ended at once");
            }
            let join = |process: &mut Process, timeout: Duration| {
                let start = Instant::now();
                let ended = process.join_timeout(timeout)?;
                let waited = start.elapsed();
                // However coarse the clock is by which it waits.
                if !ended && waited < timeout - (timeout / 2).min(Duration::from_millis(20)) {
                    event(who, format_args!("came back after {waited:?} of {timeout:?}"));
                }
                io::Result::Ok(ended)
            };
            if called {
                for timeout in [100, 200, 400, 800].map(Duration::from_millis) {
                    let pause = while_called(|| join(process, timeout).map(drop))?;
                    // Whoever begins the timeout anew at each SIGCHLD would not be back by now.
                    if pause < timeout {
                        break;
                    }
                }
            }
            while_stopped(process, |process| {
                let ended = join(process, Duration::from_millis(20))?;
                look(who, &format!("timeout ended={ended}"), process)
            })?;
            ends_in_a_nap(who, process, gate)?;
        }
        _ => {
            gate.open()?;
            process.join()?;
        }
    }
    Ok(())
}

fn look(who: &str, when: &str, process: &mut Process) -> io::Result<()> {
    let alive = process.is_alive()?;
    event(
        who,
        format_args!(
            "{when} name={} pid={} alive={alive} code={}",
            process.name(),
            show(process.pid()),
            show(process.exit_code())
        ),
    );
    Ok(())
}

fn show(number: Option<i32>) -> String {
    number.map_or("none".to_owned(), |n| n.to_string())
}

/// The target: says what it got, waits at the gate, and ends as it is told to.
fn work(order: &Order, gate: &Gate) -> i32 {
    let words = order.words.join(",");
    event(format_args!("process-{}", order.number), format_args!("pid={} words={words}", id()));
    gate.pass().expect("the pipe of the gate is open");
    if let Some(other) = order.after {
        until_ended(other);
    }
    if order.linger && !sleeps(parent_id()) {
        event(format_args!("process-{}", order.number), "its parent never slept");
    }
    if order.end < 0 {
        // SAFETY: a process may send itself any signal. Some are ignored until somebody says so.
        unsafe {
            libc::signal(-order.end, libc::SIG_DFL);
            libc::kill(libc::getpid(), -order.end);
        }
    }
    order.end
}

/// Returns once a process has ended, or cannot be seen.
fn until_ended(process: Pid) {
    let runs = || {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The state stands behind the name, which may hold anything.
        Some(!stat.rsplit(") ").next()?.starts_with('Z'))
    };
    while runs() == Some(true) {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether the process `pid` waits asleep: it gives the processor up by itself, or uses none for a
/// while. Not if it uses 25 ms of it first. Its state alone tells nothing: to the kernel also
/// someone who asks `waitpid` without waiting is about to sleep.
fn sleeps(pid: u32) -> bool {
    const LONG: u64 = 25_000_000;
    let Some((start, given_up)) = use_of_the_processor(pid) else { return true };
    let (mut last, mut quiet) = (start, 0);
    while quiet < 40 {
        thread::sleep(Duration::from_millis(1));
        let Some((time, times)) = use_of_the_processor(pid) else { return true };
        if times > given_up {
            return true;
        }
        if time.saturating_sub(start) >= LONG {
            return false;
        }
        quiet = if time == last { quiet + 1 } else { 0 };
        last = time;
    }
    true
}

/// Nanoseconds of processor time, and how often a process has given the processor up by itself;
/// none where that cannot be seen.
fn use_of_the_processor(pid: u32) -> Option<(u64, u64)> {
    let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).ok();
    let time = read("schedstat")?.split(' ').next()?.parse().ok()?;
    let status = read("status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    Some((time, line.trim().parse().ok()?))
}
