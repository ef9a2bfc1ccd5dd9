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
//! active. With `--earlier 1` there is another family all the while, of one child that has ended.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::{exit, id};
use std::rc::Rc;
use std::thread::available_parallelism;

use many::{Children, Task, processors};
use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use stage::{Arguments, Gate, Meeting, event};

/// How a task is held up, and how it ends.
struct Part {
    units: u32,
    end: i32,
    gate: Gate,
    /// Through it the task says which process it is.
    pid: (PipeReader, PipeWriter),
}

fn main() -> io::Result<()> {
    let known =
        ["units", "ends", "names", "gates", "meet", "leave", "look", "pin", "stop", "earlier"];
    let arguments = Arguments::take(&known);
    let units = arguments.list("units", vec![3, 2, 1]);
    let ends = arguments.list("ends", vec![0; units.len()]);
    let numbered = (1..=units.len()).map(|number| format!("task-{number}")).collect();
    let names = arguments.list("names", numbered);
    let gates = arguments.get("gates", 1) != 0;
    let meeting = Rc::new(Meeting::new(arguments.get("meet", 1))?);
    let leave = arguments.get("leave", 0);
    let look = arguments.get("look", 1);
    if arguments.get("pin", 0) != 0 {
        // Whoever remembers the answer does so before there is another.
        processors();
        pin();
    }
    event("main", format_args!("processors={} of={}", processors(), available_parallelism()?));

    let earlier = arguments.get("earlier", 0) != 0;
    let earlier = if earlier { Some(earlier_family()?) } else { None };
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
    let mut children = Children::start_all(tasks)?;
    if id() != parent {
        // Two families in one run would only hide what went wrong.
        event("stray", format_args!("pid={} came back from start_all", id()));
        exit(0);
    }
    if gates {
        let stopped = parts.iter().take(arguments.get("stop", 0)).map(|part| part.stop());
        let stopped: Vec<Pid> = stopped.collect::<io::Result<_>>()?;
        event("main", format_args!("active={}", children.active()?.join(",")));
        stopped.into_iter().try_for_each(|pid| send(pid, libc::SIGCONT))?;
        // The shortest first.
        parts.sort_by_key(|part| part.units);
        let waited_for = parts.len().saturating_sub(leave);
        for (index, part) in parts.iter().enumerate() {
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
    if let Some(earlier) = earlier {
        event("earlier", format_args!("codes={:?}", earlier.join_all()?));
    }
    Ok(())
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
        // SAFETY: a process may send itself any signal.
        unsafe { libc::kill(libc::getpid(), -part.end) };
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
