//! Runs tasks that crash, and says what is left of the program.
//!
//!     cargo run -p isolation -- --place process --tasks return,panic,abort,segv,exit
//!     cargo run -p isolation -- --place thread --tasks return,panic
//!
//! Each task adds 1 to a counter and then ends as it is told to: `return`, `panic`, `panic-text`,
//! `panic-value`, `abort`, `segv`, `exit` (with `--status`), or by `--signal` as `signal`. These
//! return, too: `stop` is stopped for a while, `caught` catches a panic of its own, `inner` has a
//! task of its own that panics, `interrupt` sends its sleeping caller a signal, `background` starts a
//! process that goes on (`background-exit` then exits with 0), `large` has a large array on its stack,
//! and `silent` does nothing at all (`silent-panic` just panics). With `--other 77` the program has
//! another child all the while, which has ended with that status and has not been waited for. With
//! `--refuse 1` the system permits no further process or thread.

use std::hint::black_box;
use std::io::{self, PipeWriter, Read, Write};
use std::panic::{catch_unwind, resume_unwind};
use std::process::{abort, exit, id};
use std::ptr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use isolation::{End, in_process, in_thread};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getppid};
use stage::{Arguments, Gate, event, refuse_processes, stop_for_a_while, until_asleep};

static COUNTER: AtomicI64 = AtomicI64::new(0);

/// Says so when it goes out of scope: where the child must never come.
struct Caller;

impl Drop for Caller {
    fn drop(&mut self) {
        event("caller", format_args!("pid={}", id()));
    }
}

/// What the caller wants to be done when its process ends, and no child's.
extern "C" fn say_goodbye() {
    event("goodbye", format_args!("pid={}", id()));
}

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["place", "tasks", "status", "signal", "other", "refuse"]);
    let tasks = arguments.list("tasks", vec!["return".to_owned(), "panic".to_owned()]);
    let process = arguments.get("place", "process".to_owned()) == "process";
    let (status, signal) = (arguments.get("status", 3), arguments.get("signal", libc::SIGTERM));

    let other = arguments.get("other", 0);
    let other = if other > 0 { Some(ended_child(other)?) } else { None };

    if arguments.get("refuse", 0) != 0 {
        return refused(process);
    }
    let _caller = Caller;
    // SAFETY: the function lives as long as the program.
    unsafe { libc::atexit(say_goodbye) };
    be_interrupted()?;
    for (number, task) in (1..).zip(&tasks) {
        let over = Gate::new()?;
        let (mut hear, tell) = io::pipe()?;
        let work = || match task.as_str() {
            "silent" => {}
            "silent-panic" => resume_unwind(Box::new("told to panic")),
            "inner" => has_one_that_panics(process),
            "background" => starts_another(&over, &tell),
            "background-exit" => {
                starts_another(&over, &tell);
                exit(0)
            }
            _ => perform(task, status, signal),
        };
        let silent = task.starts_with("silent");
        if silent {
            // Without the end of the line it is not out yet.
            print!("caller: speaks");
        }
        let end = if process { in_process(work)? } else { in_thread(work)? };
        if silent {
            println!();
        }
        over.open()?;
        drop(tell);
        if task.starts_with("background") && hear.read_exact(&mut [0]).is_err() {
            event("left", "was ended");
        }
        let counter = COUNTER.load(Ordering::SeqCst);
        event(format_args!("task-{number}"), format_args!("counter={counter} is={task}"));
        event(format_args!("end-{number}"), end);
    }
    if let Some(other) = other
        && !matches!(waitpid(other, None), Ok(WaitStatus::Exited(..)))
    {
        event("other", "was waited for by somebody");
    }
    Ok(())
}

/// C's `waitpid` and `waitid`, which take the place of the library's: of a child that crashed they say
/// as well that a core was dumped, which is otherwise up to the system's settings.
mod waits {
    fn dumps(signal: libc::c_int) -> bool {
        [libc::SIGABRT, libc::SIGSEGV].contains(&signal)
    }

    #[unsafe(no_mangle)]
    extern "C" fn waitpid(
        pid: libc::pid_t,
        status: *mut libc::c_int,
        options: libc::c_int,
    ) -> libc::pid_t {
        let usage = std::ptr::null_mut::<libc::rusage>();
        // SAFETY: the caller sees to it that `status` is null or can be written.
        unsafe {
            let found = libc::syscall(libc::SYS_wait4, pid, status, options, usage) as libc::pid_t;
            if found > 0 && !status.is_null() {
                let crashed = libc::WIFSIGNALED(*status) && dumps(libc::WTERMSIG(*status));
                *status |= if crashed { 0x80 } else { 0 };
            }
            found
        }
    }

    #[unsafe(no_mangle)]
    extern "C" fn waitid(
        kind: libc::idtype_t,
        id: libc::id_t,
        found: *mut libc::siginfo_t,
        options: libc::c_int,
    ) -> libc::c_int {
        let usage = std::ptr::null_mut::<libc::rusage>();
        // SAFETY: the caller sees to it that `found` is null or can be written.
        unsafe {
            let result = libc::syscall(libc::SYS_waitid, kind, id, found, options, usage);
            if result == 0
                && let Some(found) = found.as_mut()
                && found.si_code == libc::CLD_KILLED
                && dumps(found.si_status())
            {
                found.si_code = libc::CLD_DUMPED;
            }
            result as libc::c_int
        }
    }
}

/// A child that has ended with `status`, and that nobody has waited for.
fn ended_child(status: i32) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(status),
        ForkResult::Parent { child } => {
            waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            Ok(child)
        }
    }
}

/// A task for which there is no process or thread.
fn refused(process: bool) -> io::Result<()> {
    if !refuse_processes() {
        event("main", "cannot refuse processes here");
        return Ok(());
    }
    let work = || event("inside", format_args!("pid={}", id()));
    match if process { in_process(work) } else { in_thread(work) } {
        Ok(end) => event("end-1", end),
        Err(error) => {
            event("end-1", "error");
            eprintln!("the error says: {error}");
        }
    }
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

/// A task that has a task of its own, which panics; that is no panic of this one.
fn has_one_that_panics(process: bool) {
    fn panics() {
        resume_unwind(Box::new("told to panic"))
    }
    let end = if process { in_process(panics) } else { in_thread(panics) };
    if !matches!(end, Ok(End::Panicked)) {
        event("inside", format_args!("{end:?} is said of a task that panicked"));
    }
}

/// Starts a process that is at work until it is `over`, and says so then; does not wait for it.
fn starts_another(over: &Gate, mut tell: &PipeWriter) {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    if let ForkResult::Child = unsafe { fork() }.expect("there may be another process") {
        over.pass().expect("the pipe of the gate is open");
        tell.write_all(&[1]).expect("the caller reads");
        // SAFETY: ends the process at once and touches nothing.
        unsafe { libc::_exit(0) };
    }
}

/// Counts, says where it is, and ends in one of the ways.
fn perform(task: &str, status: i32, signal: i32) {
    let counter = COUNTER.fetch_add(1, Ordering::SeqCst) + 1;
    let first = thread::current().name() == Some("main");
    event("inside", format_args!("pid={} first-thread={first} counter={counter}", id()));
    match task {
        // Unwinds as a panic does, without the message.
        "panic" => resume_unwind(Box::new("told to panic")),
        // As `panic!` with something to format does.
        "panic-text" => resume_unwind(Box::new(format!("told to {task}"))),
        // As `panic_any` does.
        "panic-value" => resume_unwind(Box::new(42)),
        "abort" => abort(),
        "segv" => touch_what_is_not_ours(),
        "stop" => stop_for_a_while(),
        "large" => take_room(),
        "caught" => drop(catch_unwind(|| panic!("this panic is caught by the task itself"))),
        "interrupt" => (0..3).for_each(|_| {
            until_asleep(getppid().as_raw());
            kill(getppid(), Signal::SIGUSR1).expect("the caller is there");
        }),
        "exit" => exit(status),
        // SAFETY: a process may send itself any signal, and give up std's handler for some of them.
        "signal" => unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::kill(libc::getpid(), signal);
        },
        _ => {}
    }
}

/// Has half as much on its stack as a thread of std's may have.
#[inline(never)]
fn take_room() {
    black_box(&mut [1_u8; 1 << 20]);
}

/// Writes into a page of memory that may not be touched: the kernel answers with SIGSEGV.
fn touch_what_is_not_ours() {
    let (protection, kind) = (libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new page, which nothing refers to; the write never takes place.
    unsafe {
        let page = libc::mmap(ptr::null_mut(), 4096, protection, kind, -1, 0);
        page.cast::<u8>().write_volatile(1);
    }
}
