//! Starts children, lets them end one after the other, and asks how each ended.
//!
//!     cargo run -p wait -- --ends 3,-9,0 --first 2
//!
//! `--ends` says how each child ends: with that status, or by the signal if it is negative.
//! `--first 2` lets child 2 end, and asks for it, while all others still run.
//! With `--never 1` as well, no child is let go at all. With `--stop 1` there is one child, which
//! is stopped before it ends, and somebody who lets it go on. With `--other 77` the program has
//! another child, which has ended with that status before all others, and which nobody asks for.
//! With `--core 1` the status of a child that a signal ended says as well that a core was dumped.
//! With `--refuse 1` the system permits no further process in the end, and one more is started.

use std::sync::atomic::Ordering;
use std::time::Duration;
use std::{fs, io, process, ptr, thread};

use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Arguments, Gate, event, refuse_processes, until_asleep};
use wait::{exit_code, start};

/// A child that stands at a gate until it is let go.
struct Child {
    number: usize,
    pid: Pid,
    gate: Gate,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["ends", "first", "never", "stop", "other", "core", "refuse"]);
    waits::CORE.store(arguments.get("core", 0) != 0, Ordering::Relaxed);
    let ends = arguments.list("ends", vec![3, -9, 0]);
    let first = arguments.get("first", 0);
    let never = arguments.get("never", 0) != 0;
    if arguments.get("stop", 0) != 0 {
        return stopped(ends[0]);
    }
    say_when_a_process_exits();
    let other = arguments.get("other", 0);
    let other = if other > 0 { Some(ended_child(other)?) } else { None };

    let mut children = Vec::new();
    for (number, end) in (1..).zip(ends) {
        let gate = Gate::new()?;
        let pid = start(|| come_to(end, &gate))?;
        event(format_args!("child-{number}"), format_args!("started pid={pid}"));
        children.push(Child { number, pid, gate });
    }
    // Whoever was started last is asked for first: among children that have all ended, the kernel
    // finds the oldest first.
    children.reverse();
    if first == 0 {
        children.iter().try_for_each(Child::let_go)?;
        for (asked, child) in (1..).zip(&children) {
            child.ask("child");
            children[asked..].iter().for_each(Child::look_for_it);
        }
        // Nobody is left to be asked for.
        children.iter().for_each(|child| child.ask("again"));
        if arguments.get("refuse", 0) != 0 && refuse_processes() {
            match start(|| 0) {
                Ok(pid) => event("refused", format_args!("started pid={pid}")),
                Err(error) => event("refused", format_args!("is an error: {error}")),
            }
        }
        return Ok(());
    }
    let (asked_first, others): (Vec<_>, Vec<_>) =
        children.iter().partition(|child| child.number == first);
    for child in asked_first.iter().chain(&others) {
        if !never {
            child.let_go()?;
        }
        child.ask("child");
    }
    if let Some(other) = other {
        let left_alone = waits::waitpid(other.as_raw(), ptr::null_mut(), 0) == other.as_raw();
        event("other", if left_alone { "is still there" } else { "was waited for by somebody" });
    }
    Ok(())
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

/// C's ways of waiting, which take the place of the library's: whether a core is dumped is otherwise
/// up to the system's settings.
mod waits {
    use std::ptr;
    use std::sync::atomic::{AtomicBool, Ordering};

    use libc::{c_int, id_t, idtype_t, pid_t, rusage, siginfo_t};

    /// Whether it is said of a child that a signal ended that a core was dumped.
    pub static CORE: AtomicBool = AtomicBool::new(false);

    #[unsafe(no_mangle)]
    pub extern "C" fn waitpid(pid: pid_t, status: *mut c_int, options: c_int) -> pid_t {
        wait4(pid, status, options, ptr::null_mut())
    }

    #[unsafe(no_mangle)]
    extern "C" fn wait4(
        pid: pid_t,
        status: *mut c_int,
        options: c_int,
        usage: *mut rusage,
    ) -> pid_t {
        // SAFETY: the caller sees to it that each of the two is null or can be written.
        unsafe {
            let found = libc::syscall(libc::SYS_wait4, pid, status, options, usage) as pid_t;
            if CORE.load(Ordering::Relaxed) && found > 0 && !status.is_null() {
                *status |= if libc::WIFSIGNALED(*status) { 0x80 } else { 0 };
            }
            found
        }
    }

    #[unsafe(no_mangle)]
    extern "C" fn waitid(kind: idtype_t, id: id_t, info: *mut siginfo_t, options: c_int) -> c_int {
        let usage = ptr::null_mut::<rusage>();
        // SAFETY: the caller sees to it that `info` is null or can be written.
        unsafe {
            let done = libc::syscall(libc::SYS_waitid, kind, id, info, options, usage) as c_int;
            if CORE.load(Ordering::Relaxed) && done == 0 && !info.is_null() {
                let code = &mut (*info).si_code;
                *code = if *code == libc::CLD_KILLED { libc::CLD_DUMPED } else { *code };
            }
            done
        }
    }
}

/// What a child does: waits at the gate, then ends as it is told to.
fn come_to(end: i32, gate: &Gate) -> i32 {
    gate.pass().expect("the pipe of the gate is open");
    if end < 0 {
        // SAFETY: a process may send itself any signal. Some are ignored until somebody says so.
        unsafe {
            libc::signal(-end, libc::SIG_DFL);
            libc::kill(libc::getpid(), -end);
        }
    }
    end
}

impl Child {
    /// Opens the gate, and returns once the child has ended. It is not reaped by that.
    fn let_go(&self) -> io::Result<()> {
        self.gate.open()?;
        waitid(Id::Pid(self.pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
        Ok(())
    }

    /// Says so if it has ended and is not there any more.
    fn look_for_it(&self) {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
        if waitid(Id::Pid(self.pid), flags).is_err() {
            event("other", format_args!("child-{} was waited for by somebody", self.number));
        }
    }

    fn ask(&self, label: &str) {
        let who = format!("{label}-{}", self.number);
        match exit_code(self.pid) {
            Ok(code) => event(who, format_args!("code={code}")),
            Err(error) => {
                // Whoever asks another call than a wait first is told ESRCH.
                let number = error.raw_os_error();
                let none = matches!(number, Some(libc::ECHILD | libc::ESRCH));
                event(who, format_args!("unknown: no-such-child={none} {error}"));
            }
        }
    }
}

/// A child is stopped, which is no end, and goes on when its parent sleeps.
fn stopped(end: i32) -> io::Result<()> {
    let parent = Pid::this();
    let child = start(|| {
        raise(Signal::SIGSTOP).expect("a process may send signals to itself");
        // Whoever takes this for an end as well says so before there is one.
        until_asleep(parent.as_raw());
        event("helped", "child-1 is about to end");
        end
    })?;
    event("child-1", format_args!("started pid={child}"));
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let_go_on(child, parent);
            // SAFETY: ends this process and does nothing else.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child: helper } => {
            match exit_code(child) {
                Ok(code) => event("child-1", format_args!("code={code}")),
                Err(error) => event("child-1", format_args!("unknown: {error}")),
            }
            // Whoever waits for more than was asked has reaped it already.
            waits::waitpid(helper.as_raw(), ptr::null_mut(), 0);
            Ok(())
        }
    }
}

/// Continues `child` whenever it is stopped while `parent` sleeps, or cannot be seen, until it has
/// ended; gives up after a while.
fn let_go_on(child: Pid, parent: Pid) {
    let sight = || {
        let seen = (state(child), state(parent));
        matches!(seen, (Some('T' | 't') | None, Some('S') | None))
    };
    let mut told = false;
    for _ in 0..2_000 {
        // Whoever is being stopped is seen to be so a moment before its parent is woken.
        let before = sight();
        thread::sleep(Duration::from_millis(1));
        if before && sight() {
            if !told {
                event("helper", "lets child-1 go on");
                told = true;
            }
            if kill(child, Signal::SIGCONT).is_err() {
                return;
            }
        }
        if state(child) == Some('Z') {
            return;
        }
    }
}

/// The state of a process; none if there is no such process, or it cannot be seen.
fn state(process: Pid) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // It stands behind the name, which may hold anything.
    stat.rsplit(") ").next()?.chars().next()
}

/// Registers something that runs whenever a process ends by `exit`, but not by `_exit`.
fn say_when_a_process_exits() {
    extern "C" fn at_exit() {
        event("exit", format_args!("pid={}", process::id()));
    }
    // SAFETY: the function that is registered lives as long as the program.
    unsafe { libc::atexit(at_exit) };
}
