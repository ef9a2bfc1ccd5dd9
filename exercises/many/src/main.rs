//! Tasks of different lengths, all at once.
//!
//!     cargo run -p many -- --units 3,2,1
//!
//! Each task stands at a gate until its time has come. The parent opens the gates in the order of
//! the lengths, and each time waits until that child has ended, and asks who is active.
//! `--ends 0,3,-9` says how the tasks end. With `--gates 0` nobody waits for the parent, and with
//! `--meet 3` the first three tasks wait for one another. `--names b,a,b` says what they are called.
//! The other arguments are for the checks; what they ask for stands in `acts`.

mod acts;

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::{exit, id};
use std::rc::Rc;
use std::thread::available_parallelism;

use many::{Children, Task, processors};
use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
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
        acts::pin();
    }
    event("main", told_processors()?);
    if arguments.get("unseen", 0) != 0 {
        acts::tell_unseen()?;
    }

    let earlier = arguments.get("earlier", 0) != 0;
    let mut earlier = if earlier { Some(acts::Earlier::start()?) } else { None };
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

    let refuse = arguments.get("refuse", 0);
    if refuse > 0 {
        acts::refused(refuse, tasks);
        return Ok(());
    }
    let parent = id();
    let mut children = Children::start_all(tasks)?;
    only_the_parent(parent);
    let mut helper = None;
    if gates {
        let stopped = parts.iter().take(stop).map(|part| acts::stop(part));
        let stopped: Vec<Pid> = stopped.collect::<io::Result<_>>()?;
        for _ in 1..arguments.get("often", 1) {
            children.active()?;
        }
        event("main", format_args!("active={}", children.active()?.join(",")));
        if let Some(earlier) = &mut earlier {
            earlier.tell_active()?;
        }
        acts::go_on(stopped)?;
        // The shortest first.
        parts.sort_by_key(|part| part.units);
        let waited_for = parts.len().saturating_sub(leave);
        for (index, part) in parts.iter().enumerate() {
            if stop > 0 && index + 1 == parts.len() && index >= waited_for {
                helper = Some(acts::lets_go_on(acts::stop(part)?)?);
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
    if let Some(earlier) = earlier {
        earlier.join()?;
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

    /// The task's process, as soon as it has said which that is.
    fn pid(&self) -> io::Result<Pid> {
        let mut pid = [0; 4];
        (&self.pid.0).read_exact(&mut pid)?;
        // For whoever asks next.
        (&self.pid.1).write_all(&pid)?;
        Ok(Pid::from_raw(i32::from_ne_bytes(pid)))
    }
}
