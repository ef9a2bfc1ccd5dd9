//! The life of some processes, from before the start to after the join.
//!
//!     cargo run -p process -- --ends 0,3,-9 --name painter
//!
//! Each process stands at a gate until it has been looked at. `--life` says what is done
//! next: `join` (the default), `look` until the end has been seen, `short`: join with a
//! timeout that runs out, `long`: join with one that does not, `late`: join with none at all, when
//! it has ended; and with `together` all are made first, run at the same time, and end in another
//! order. `refused` starts one process while the system permits none. With `--other 77` the program
//! has another child all the while, which has ended with that status and has not been waited for.

use std::fs;
use std::io;
use std::os::unix::process::parent_id;
use std::process::id;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

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
}

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["ends", "name", "words", "life", "other"]);
    let ends = arguments.list("ends", vec![0, 3, -9]);
    let name = arguments.get("name", String::new());
    let words = arguments.list("words", vec!["red".to_owned(), "green".to_owned()]);
    let life = arguments.get("life", "join".to_owned());

    let other = arguments.get("other", 0);
    let other = if other > 0 { Some(ended_child(other)?) } else { None };

    say_when_a_process_exits();
    match life.as_str() {
        "together" => return together(&ends),
        "refused" => return refused(),
        _ => {}
    }
    for (number, end) in (1..).zip(ends) {
        let linger = life == "long";
        let order = Order { number, end, words: words.clone(), linger };
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
        live(number, &life, &mut process, &gate)?;
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
fn together(ends: &[i32]) -> io::Result<()> {
    let mut all = Vec::new();
    for (number, &end) in (1..).zip(ends) {
        let words = vec!["together".to_owned()];
        let (process, gate) = at_a_gate(Order { number, end, words, linger: false })?;
        all.push((format!("main-{number}"), process, gate));
    }
    for (_, process, _) in &mut all {
        process.start()?;
    }
    for (who, process, _) in &mut all {
        look(who, "running", process)?;
    }
    for (who, process, gate) in all.iter_mut().rev() {
        gate.open()?;
        process.join()?;
        look(who, "after", process)?;
    }
    Ok(())
}

/// A start that fails, since this user may have no further process or thread.
fn refused() -> io::Result<()> {
    let mut process = Process::new(|()| 0, ());
    // The limit does not bind root, so root tries to become somebody else.
    const NOBODY: libc::uid_t = 65534;
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: system calls on plain numbers and on a struct that lives long enough.
    unsafe {
        if libc::getuid() == 0 {
            libc::setuid(NOBODY);
        }
        libc::setrlimit(libc::RLIMIT_NPROC, &none);
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
    Ok(())
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

/// What is done with a process that runs, until it has ended.
fn live(number: usize, life: &str, process: &mut Process, gate: &Gate) -> io::Result<()> {
    let who = &format!("main-{number}");
    match life {
        "look" | "late" => {
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
            let start = Instant::now();
            let ended = process.join_timeout(Duration::from_millis(20))?;
            // However coarse the clock is by which it waits.
            if !ended && start.elapsed() < Duration::from_millis(10) {
                event(who, "came back too early");
            }
            look(who, &format!("timeout ended={ended}"), process)?;
            gate.open()?;
            process.join()?;
        }
        "long" => {
            gate.open()?;
            let ended = process.join_timeout(LONG[number % LONG.len()])?;
            let code = show(process.exit_code());
            event(who, format_args!("timeout ended={ended} code={code}"));
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
    if order.linger && !sleeps(parent_id()) {
        event(format_args!("process-{}", order.number), "its parent never slept");
    }
    if order.end < 0 {
        // SAFETY: a process may send itself any signal.
        unsafe { libc::kill(libc::getpid(), -order.end) };
    }
    order.end
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
