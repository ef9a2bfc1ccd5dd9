//! Tasks of different lengths, all at once.
//!
//!     cargo run -p many -- --units 3,2,1
//!
//! Each task stands at a gate until its time has come. The parent opens the gates in the order of
//! the lengths, and each time waits until that child has ended, and asks who is active; with
//! `--leave 1` it does not wait for the longest, and with `--look 2` it asks after every second end
//! only. `--ends 0,3,-9` says how the tasks end. With `--gates 0` nobody waits for the parent, and
//! with `--meet 3` the first three tasks wait for one another. `--names b,a,b` says what they are
//! called. With `--stop 1` the first task is stopped while it is asked for the first time who is
//! active, and the longest when the join begins, until the parent sleeps. With `--often 9` it is
//! asked so often before the first answer is told. With `--earlier 1` there are another family of
//! one child, and a child of the driver's own, all the while; both have ended. The other family is
//! asked right after the first answer. With `--refuse 3` the system permits no third fork, and no
//! further one; with `--refuse 1` none at all. With `--pin 1` the program may use one processor only,
//! and with `--unseen 1` it is asked for their number once more when the system has too many for a
//! `sched_getaffinity`.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::{exit, id};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::available_parallelism;

use many::{Children, Task, processors};
use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Arguments, Gate, Meeting, event, refuse_processes, until_asleep};

/// How a task is held up, and how it ends.
struct Part {
    units: u32,
    end: i32,
    gate: Gate,
    /// Through it the task says which process it is.
    pid: (PipeReader, PipeWriter),
}

fn main() -> io::Result<()> {
    let known = [
        "units", "ends", "names", "gates", "meet", "leave", "look", "pin", "stop", "often",
        "earlier", "refuse", "unseen",
    ];
    let arguments = Arguments::take(&known);
    let units = arguments.list("units", vec![3, 2, 1]);
    let ends = arguments.list("ends", vec![0; units.len()]);
    let numbered = (1..=units.len()).map(|number| format!("task-{number}")).collect();
    let names = arguments.list("names", numbered);
    let gates = arguments.get("gates", 1) != 0;
    let meeting = Rc::new(Meeting::new(arguments.get("meet", 1))?);
    let leave = arguments.get("leave", 0);
    let look = arguments.get("look", 1);
    let stop = arguments.get("stop", 0);
    if arguments.get("pin", 0) != 0 {
        // Whoever remembers the answer does so before there is another.
        processors();
        pin();
    }
    event("main", told_processors()?);
    if arguments.get("unseen", 0) != 0 {
        UNSEEN.store(true, Ordering::Relaxed);
        event("unseen", told_processors()?);
    }

    let earlier = arguments.get("earlier", 0) != 0;
    let mut earlier = if earlier { Some((earlier_family()?, ended_child()?)) } else { None };
    let mut parts = Vec::new();
    let mut tasks = Vec::new();
    for (((number, units), end), name) in (1..).zip(units).zip(ends).zip(names) {
        let part = Rc::new(Part { units, end, gate: Gate::new()?, pid: io::pipe()? });
        if !gates {
            part.gate.open()?;
        }
        parts.push(part.clone());
        let meeting = meeting.clone();
        let work = move || perform(number, &part, &meeting).expect("the pipes are open");
        tasks.push(Task { name, work: Box::new(work) });
    }

    let parent = id();
    let refuse = arguments.get("refuse", 0);
    if refuse > 0 {
        refuse_from(refuse);
        if Children::start_all(tasks).is_ok() && REFUSED.load(Ordering::Relaxed) {
            only_the_parent(parent);
            event("main", "started, although not every process could be forked");
        }
        return Ok(());
    }
    let mut children = Children::start_all(tasks)?;
    only_the_parent(parent);
    let mut helper = None;
    if gates {
        let stopped = parts.iter().take(stop).map(|part| part.stop());
        let stopped: Vec<Pid> = stopped.collect::<io::Result<_>>()?;
        for _ in 1..arguments.get("often", 1) {
            children.active()?;
        }
        event("main", format_args!("active={}", children.active()?.join(",")));
        if let Some((earlier, _)) = &mut earlier {
            event("earlier", format_args!("active={}", earlier.active()?.join(",")));
        }
        stopped.into_iter().try_for_each(|pid| send(pid, libc::SIGCONT))?;
        // The shortest first.
        parts.sort_by_key(|part| part.units);
        let waited_for = parts.len().saturating_sub(leave);
        for (index, part) in parts.iter().enumerate() {
            if stop > 0 && index + 1 == parts.len() && index >= waited_for {
                helper = Some(lets_go_on(part.stop()?)?);
            }
            part.gate.open()?;
            if index < waited_for {
                part.ended()?;
                if (index + 1) % look == 0 {
                    event("main", format_args!("active={}", children.active()?.join(",")));
                }
            }
        }
    }
    let codes: Vec<_> = children.join_all()?.iter().map(i32::to_string).collect();
    event("main", format_args!("codes={}", codes.join(",")));
    if let Some(helper) = helper {
        // Whoever waits for more than its own has reaped it already.
        let _ = waitpid(helper, None);
    }
    if let Some((earlier, own)) = earlier {
        event("earlier", format_args!("codes={:?}", earlier.join_all()?));
        let left_alone = waitpid(own, None) == Ok(WaitStatus::Exited(own, 9));
        event("own", if left_alone { "is still there" } else { "was waited for by somebody" });
    }
    Ok(())
}

/// How many processors there are, as the program and as std say.
fn told_processors() -> io::Result<String> {
    Ok(format!("processors={} of={}", processors(), available_parallelism()?))
}

/// Ends a child that came back: two families in one run would only hide what went wrong.
fn only_the_parent(parent: u32) {
    if id() != parent {
        event("stray", format_args!("pid={} came back from start_all", id()));
        exit(0);
    }
}

/// The number of the fork that fails, counted from the next one on.
static FAILS: AtomicUsize = AtomicUsize::new(0);
/// Whether the system refuses processes by now.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// The fork of this number fails, and so does each that follows.
fn refuse_from(number: usize) {
    extern "C" fn forked() {
        if FAILS.fetch_sub(1, Ordering::Relaxed) == 2 {
            REFUSED.store(refuse_processes(), Ordering::Relaxed);
        }
    }
    // Root, whom no limit binds, becomes somebody else before there are children to be signalled.
    const NOBODY: libc::uid_t = 65534;
    FAILS.store(number, Ordering::Relaxed);
    // SAFETY: system calls with plain numbers, and a function that lives as long as the program.
    unsafe {
        if libc::getuid() == 0 {
            libc::setuid(NOBODY);
        }
        libc::pthread_atfork(None, Some(forked), None);
    }
    if number == 1 {
        REFUSED.store(refuse_processes(), Ordering::Relaxed);
    }
}

/// A child of the driver's own that has ended with status 9, and that nobody has waited for.
fn ended_child() -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        // SAFETY: ends this process and does nothing else.
        ForkResult::Child => unsafe { libc::_exit(9) },
        ForkResult::Parent { child } => {
            waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            Ok(child)
        }
    }
}

/// A child that lets a stopped one go on when the parent sleeps.
fn lets_go_on(stopped: Pid) -> io::Result<Pid> {
    let parent = id().cast_signed();
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            until_asleep(parent);
            let _ = send(stopped, libc::SIGCONT);
            // SAFETY: ends this process and does nothing else.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => Ok(child),
    }
}

/// One child that has ended, and that nobody has waited for. Whoever waits for any child finds this
/// one first, since it is the oldest.
fn earlier_family() -> io::Result<Children> {
    let task = Task { name: "earlier".to_owned(), work: Box::new(|| 8) };
    let children = Children::start_all(vec![task])?;
    waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    Ok(children)
}

/// From now on this process may use one processor, the first that it had; or all, if that is
/// refused.
fn pin() {
    // SAFETY: a set of processors is plain bits, and both calls are given its size.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of_val(&set), &mut set);
        let mut all = 0..libc::CPU_SETSIZE as usize;
        if let Some(first) = all.find(|&processor| libc::CPU_ISSET(processor, &set)) {
            libc::CPU_ZERO(&mut set);
            libc::CPU_SET(first, &mut set);
            libc::sched_setaffinity(0, size_of_val(&set), &set);
        }
    }
}

/// Whether the system has more processors than fit into the set for `sched_getaffinity`.
static UNSEEN: AtomicBool = AtomicBool::new(false);

/// Takes the place of the C library's, for all of this program: it fails where there are too many.
// SAFETY: it does what a `sched_getaffinity` does.
#[unsafe(no_mangle)]
unsafe extern "C" fn sched_getaffinity(
    pid: libc::pid_t,
    size: usize,
    set: *mut libc::cpu_set_t,
) -> libc::c_int {
    // SAFETY: the caller's set, of its size; a size of zero is an error.
    unsafe {
        let size = if UNSEEN.load(Ordering::Relaxed) { 0 } else { size };
        let written = libc::syscall(libc::SYS_sched_getaffinity, pid, size, set);
        let Ok(written) = usize::try_from(written) else { return -1 };
        // The kernel leaves alone what lies behind its own processors.
        set.cast::<u8>().add(written).write_bytes(0, size - written);
        0
    }
}

fn send(pid: Pid, signal: i32) -> io::Result<()> {
    // SAFETY: a system call with plain numbers.
    let sent = unsafe { libc::kill(pid.as_raw(), signal) };
    if sent == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What a task does.
fn perform(number: usize, part: &Part, meeting: &Meeting) -> io::Result<i32> {
    let who = format!("task-{number}");
    (&part.pid.1).write_all(&id().to_ne_bytes())?;
    event(&who, format_args!("start pid={} units={}", id(), part.units));
    meeting.meet()?;
    part.gate.pass()?;
    event(&who, "end");
    if part.end < 0 {
        // SAFETY: a process may send itself any signal. Some are ignored until somebody says so.
        unsafe {
            libc::signal(-part.end, libc::SIG_DFL);
            libc::kill(libc::getpid(), -part.end);
        }
    }
    Ok(part.end)
}

impl Part {
    /// Returns once the task's process has ended; it is not reaped by that.
    fn ended(&self) -> io::Result<()> {
        match waitid(Id::Pid(self.pid()?), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {
            // Somebody who looked at it has reaped it.
            Ok(_) | Err(Errno::ECHILD) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Stops the task's process, which is no end.
    fn stop(&self) -> io::Result<Pid> {
        let pid = self.pid()?;
        send(pid, libc::SIGSTOP)?;
        waitid(Id::Pid(pid), WaitPidFlag::WSTOPPED | WaitPidFlag::WNOWAIT)?;
        Ok(pid)
    }

    /// The task's process, as soon as it has said which that is.
    fn pid(&self) -> io::Result<Pid> {
        let mut pid = [0; 4];
        (&self.pid.0).read_exact(&mut pid)?;
        // For whoever asks next.
        (&self.pid.1).write_all(&pid)?;
        Ok(Pid::from_raw(i32::from_ne_bytes(pid)))
    }
}
