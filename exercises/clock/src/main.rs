//! Clocks, and a type of the driver's own, run as processes.
//!
//!     cargo run -p clock -- --clocks 2 --ticks 3 --interval 10
//!
//! The interval is in milliseconds. With `--gate 1` the greeter, which is started first, stands at
//! a gate until `start` has returned. With `--kill 1` a clock's sleep is interrupted by signals, and
//! the clock is killed before the greeter is told to go on; both are joined then, the greeter first,
//! which is stopped until its parent sleeps. The greeter ends by itself with `--status`, if that is
//! not 0. With `--watch 1` there is one clock, which is killed as soon as its first two lines have
//! come. With `--back 1` somebody sets the time of day back whenever it is looked at. With
//! `--looks 4000` a process says so when it has looked at clocks as often. With `--refuse 1` the
//! system permits no further process. Of a process that a signal ended it is said that a core was
//! dumped.

use std::io::{self, BufRead, BufReader};
use std::os::fd::{AsRawFd, RawFd};
use std::process::{exit, id};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use clock::{Clock, Process};
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use stage::{Arguments, Gate, event, refuse_processes, until_asleep};

/// Another type that can run as a process.
struct Greeter {
    words: Vec<String>,
    gate: Rc<Gate>,
    status: i32,
}

impl Process for Greeter {
    fn run(&mut self) {
        // Nobody but the child sees this change.
        self.words.reverse();
        event("greeter", format_args!("pid={} words={}", id(), self.words.join(",")));
        self.gate.pass().expect("the pipe of the gate is open");
        event("greeter", "end");
        if self.status != 0 {
            exit(self.status);
        }
    }
}

/// Lets a process that is stopped go on when the parent of both sleeps.
struct Helper {
    stopped: Pid,
}

impl Process for Helper {
    fn run(&mut self) {
        until_asleep(Pid::parent().as_raw());
        let _ = kill(self.stopped, Signal::SIGCONT);
    }
}

fn main() -> io::Result<()> {
    let known = [
        "clocks", "ticks", "interval", "words", "gate", "kill", "status", "watch", "back", "looks",
        "refuse",
    ];
    let arguments = Arguments::take(&known);
    IS_SET_BACK.store(arguments.get("back", 0) != 0, Ordering::Relaxed);
    TOLD_AFTER.store(arguments.get("looks", 0), Ordering::Relaxed);
    let clocks = arguments.get("clocks", 1);
    let ticks = arguments.get("ticks", 3);
    let interval = Duration::from_secs_f64(arguments.get("interval", 10.0) / 1e3);
    let words = arguments.list("words", vec!["hello".to_owned(), "world".to_owned()]);

    let status = arguments.get("status", 0);

    let gate = Rc::new(Gate::new()?);
    if arguments.get("kill", 0) != 0 {
        let greeter = Greeter { words, gate: gate.clone(), status };
        return one_is_killed(Clock::new(ticks, interval), greeter, &gate);
    }
    if arguments.get("watch", 0) != 0 {
        return until_two_lines(Clock::new(ticks, interval));
    }
    if arguments.get("refuse", 0) != 0 {
        gate.open()?;
        return refused(Greeter { words, gate, status });
    }
    let shut = arguments.get("gate", 0) != 0;
    if !shut {
        gate.open()?;
    }
    let parent = id();
    let mut started = Vec::new();
    let greeter = Greeter { words, gate: gate.clone(), status }.start()?;
    only_the_parent(parent);
    event("main", format_args!("started pid={}", greeter.pid()));
    if shut {
        gate.open()?;
    }
    started.push(greeter);
    for _ in 0..clocks {
        let clock = Clock::new(ticks, interval);
        // The time counts from the beginning of `run`, and not from here.
        thread::sleep(Duration::from_millis(5));
        let clock = clock.start()?;
        only_the_parent(parent);
        event("main", format_args!("started pid={}", clock.pid()));
        started.push(clock);
    }
    for process in started {
        let pid = process.pid();
        event("main", format_args!("joined pid={pid} code={}", process.join()?));
    }
    Ok(())
}

/// A start for which there is no process.
fn refused(greeter: Greeter) -> io::Result<()> {
    if !refuse_processes() {
        event("main", "cannot refuse processes here");
    } else if let Err(error) = greeter.start() {
        event("main", "refused");
        eprintln!("the error says: {error}");
    }
    Ok(())
}

/// Starts a clock, which is interrupted and killed, and a greeter, which is stopped; joins the
/// greeter first.
fn one_is_killed(clock: Clock, greeter: Greeter, gate: &Gate) -> io::Result<()> {
    extern "C" fn nothing(_signal: libc::c_int) {}
    // SAFETY: the function may be called at any time.
    unsafe { signal(Signal::SIGUSR1, SigHandler::Handler(nothing)) }?;
    let parent = id();
    let clock = clock.start()?;
    only_the_parent(parent);
    let greeter = greeter.start()?;
    only_the_parent(parent);
    let pid = Pid::from_raw(clock.pid());
    // A clock that a signal wakes for good would say so by a tick.
    for interruption in [Signal::SIGUSR1, Signal::SIGUSR1, Signal::SIGSTOP] {
        until_asleep(clock.pid());
        kill(pid, interruption)?;
    }
    until_stopped(pid);
    kill(pid, Signal::SIGCONT)?;
    until_asleep(clock.pid());
    kill(pid, Signal::SIGKILL)?;
    // It has ended when this returns. Who watches his children may have reaped it by then.
    let _ = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
    let stopped = Pid::from_raw(greeter.pid());
    kill(stopped, Signal::SIGSTOP)?;
    until_stopped(stopped);
    gate.open()?;
    let helper = Helper { stopped }.start()?;
    only_the_parent(parent);
    event("main", format_args!("greeter code={}", greeter.join()?));
    event("main", format_args!("clock code={}", clock.join()?));
    helper.join()?;
    Ok(())
}

/// Returns once a process is stopped, or has ended.
fn until_stopped(process: Pid) {
    let flags = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    let _ = waitid(Id::Pid(process), flags);
}

/// Kills a clock when its first two lines can be read, long before its last tick.
fn until_two_lines(clock: Clock) -> io::Result<()> {
    let (reader, writer) = io::pipe()?;
    let parent = id();
    let own = stdout_goes_to(writer.as_raw_fd())?;
    let clock = clock.start()?;
    stdout_goes_to(own)?;
    only_the_parent(parent);
    drop(writer);
    let lines = BufReader::new(reader).lines().take(2).collect::<io::Result<Vec<_>>>()?;
    let pid = clock.pid();
    kill(Pid::from_raw(pid), Signal::SIGKILL)?;
    let start = format!("clock: pid={pid} ");
    let right = lines.len() == 2 && lines.iter().all(|line| line.starts_with(&start));
    event("main", format_args!("watched code={} right={right}", clock.join()?));
    Ok(())
}

/// Whether the time of day is set back all the time.
static IS_SET_BACK: AtomicBool = AtomicBool::new(false);

/// After so many looks at a clock a process says so; 0 for never.
static TOLD_AFTER: AtomicU32 = AtomicU32::new(0);

/// Takes the place of the C library's, for all of this program, so that looks can be counted, and
/// the time of day be set back: by a second more each time that somebody looks at it.
// SAFETY: it does what a `clock_gettime` does.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(
    clock: libc::clockid_t,
    time: *mut libc::timespec,
) -> libc::c_int {
    static LOOKS: AtomicU32 = AtomicU32::new(0);
    // SAFETY: the caller's, which the system call looks at.
    let done = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) } as libc::c_int;
    let looks = LOOKS.fetch_add(1, Ordering::Relaxed);
    if done == 0 && clock == libc::CLOCK_REALTIME && IS_SET_BACK.load(Ordering::Relaxed) {
        // SAFETY: the system call has written to it.
        unsafe { (*time).tv_sec -= libc::time_t::from(looks) };
    }
    if looks + 1 == TOLD_AFTER.load(Ordering::Relaxed) {
        event("looks", format_args!("pid={} at a clock all the time", id()));
    }
    done
}

/// C's ways of waiting, which take the place of the library's: whether a core is dumped is otherwise
/// up to the system's settings.
mod waits {
    use std::ptr;

    use libc::{c_int, id_t, idtype_t, pid_t, rusage, siginfo_t};

    #[unsafe(no_mangle)]
    extern "C" fn waitpid(pid: pid_t, status: *mut c_int, options: c_int) -> pid_t {
        let usage = ptr::null_mut::<rusage>();
        // SAFETY: the caller sees to it that `status` is null or can be written.
        unsafe {
            let found = libc::syscall(libc::SYS_wait4, pid, status, options, usage) as pid_t;
            if found > 0 && !status.is_null() && libc::WIFSIGNALED(*status) {
                *status |= 0x80;
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
            if done == 0 && !info.is_null() && (*info).si_code == libc::CLD_KILLED {
                (*info).si_code = libc::CLD_DUMPED;
            }
            done
        }
    }
}

/// From here on standard output goes to `descriptor`; where it went before.
fn stdout_goes_to(descriptor: RawFd) -> io::Result<RawFd> {
    // SAFETY: the calls take plain numbers.
    let before = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_DUPFD_CLOEXEC, 0) };
    // SAFETY: as above.
    match unsafe { libc::dup2(descriptor, libc::STDOUT_FILENO) } {
        0.. => Ok(before),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Ends a child that came back from `start`: two drivers in one run only hide what went wrong.
fn only_the_parent(parent: u32) {
    if id() != parent {
        event("stray", format_args!("pid={} came back from start", id()));
        exit(0);
    }
}
