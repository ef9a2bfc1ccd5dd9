//! Submits squares to a pool of processes and reads the results afterwards.
//!
//!     cargo run -p pool -- --workers 4 --numbers 0,1,2,3,4 --meet 4 --held 1,3
//!
//! The first `--meet` tasks wait for one another. The tasks `--held` wait until the
//! main process has read all other results. With `--backwards 4` the first tasks,
//! as many as there are workers or fewer, are done in reverse order. With `--late 1` one more task
//! is submitted after `close`. With `--sign -1` results are below zero. The results of the
//! `--first` tasks are each read before the next task is submitted. With `--begun 1` main reads
//! no result before the first task that had to wait has begun, and submits more meanwhile, with
//! nothing to do. With `--before 1` there was another pool before, whose results were not all
//! read. With `--signal 1` main handles a signal, and so does whoever it forks: it is sent to each
//! worker before there is a task, and by the first task to main. The handles of the tasks
//! `--dropped` are dropped at once. With `--gone 1` the pool is dropped before the last results are
//! read.
//!
//! With `--kept 2100` main does nothing but read the result of one task after those of so many that
//! were submitted later, some at a time, the last of them first. With `--twins 1` there are only
//! some tasks with equal or special inputs.

use std::fs;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::process;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::Pid;
use pool::{Handle, Pool};
use stage::{Arguments, Gate, Meeting, event, until_asleep};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "workers",
        "numbers",
        "meet",
        "held",
        "backwards",
        "late",
        "sign",
        "first",
        "begun",
        "before",
        "signal",
        "dropped",
        "gone",
        "kept",
        "twins",
    ]);
    let workers = arguments.get("workers", 4);
    let numbers = arguments.list("numbers", vec![0, 1, 2, 3, 4]);
    let held = arguments.list("held", Vec::<usize>::new());
    let sign = arguments.get("sign", 1);
    let first = arguments.get("first", 0);
    if arguments.get("kept", 0) > 0 {
        return read_the_first_last(workers, arguments.get("kept", 0));
    }
    if arguments.get("twins", 0) == 1 {
        return tell_twins_apart();
    }
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    let others_are_read = Gate::new()?;
    let (mut begun, begins) = io::pipe()?;
    let dropped = arguments.list("dropped", Vec::<usize>::new());
    let (signal, main) = (arguments.get("signal", 0) == 1, Pid::this());
    if signal {
        handle_signals()?;
    }
    if arguments.get("before", 0) == 1 {
        another_pool()?;
    }
    let backwards = match arguments.get("backwards", 0) {
        0 => None,
        count => Some(Backwards::new(count)?),
    };

    // The inputs tell of places, so that each task can be told apart.
    let task = |input: i64| {
        let place = place_of(input);
        if place >= numbers.len() {
            return 0;
        }
        let who = format!("task-{place}");
        event(&who, "start");
        event(&who, format_args!("by pid={}", process::id()));
        (&begins).write_all(&[0]).expect("the pipe is open");
        meeting.meet().expect("the pipes of the meeting are open");
        if held.contains(&place) {
            others_are_read.pass().expect("the pipe of the gate is open");
        }
        if let Some(backwards) = &backwards {
            backwards.take_turns(place).expect("the pipes of the gates are open");
        }
        if signal && place == 0 {
            send_signals(main).expect("main is there");
        }
        event(&who, "end");
        sign * numbers[place] * numbers[place]
    };

    let mut pool = Pool::new(workers, task)?;
    if signal {
        children_of(main).into_iter().try_for_each(send_signals)?;
    }
    let mut handles = Vec::new();
    for place in 0..numbers.len() {
        let handle = (place, pool.submit(input_at(place))?);
        if place < first {
            read(vec![handle])?;
        } else if !dropped.contains(&place) {
            handles.push(handle);
        }
    }
    event("main", "submitted");
    if arguments.get("begun", 0) == 1 {
        begun.read_exact(&mut vec![0; workers])?;
        let submit = |place| Ok((place, pool.submit(input_at(place))?));
        handles.extend(submit_until(&mut begun, (numbers.len()..).map(submit))?);
    }
    let (at_the_end, now): (Vec<_>, Vec<_>) =
        handles.into_iter().partition(|(place, _)| held.is_empty() || held.contains(place));
    read(now)?;
    others_are_read.open()?;

    pool.close()?;
    if arguments.get("late", 0) == 1 {
        let late = pool.submit(input_at(numbers.len()));
        event("main", if late.is_ok() { "accepted" } else { "refused" });
    }
    pool.join()?;
    event("main", "joined");
    // Nobody needs the pool any more; perhaps the handles outlive it.
    let _pool = (arguments.get("gone", 0) == 0).then_some(pool);
    read(at_the_end)
}

/// Submits more tasks until another that waits has begun, and stops at last, since there may not be
/// too many of them.
fn submit_until(
    begun: &mut PipeReader,
    submitted: impl Iterator<Item = io::Result<(usize, Handle)>>,
) -> io::Result<Vec<(usize, Handle)>> {
    let mut handles = Vec::new();
    for handle in submitted.take(200) {
        handles.push(handle?);
        // Whoever is done sleeps, and has said so.
        for worker in children_of(Pid::this()) {
            until_asleep(worker.as_raw());
        }
        let look = PollFd::new(begun.as_fd(), PollFlags::POLLIN);
        if poll(&mut [look], PollTimeout::from(1u8))? > 0 {
            break;
        }
    }
    begun.read_exact(&mut [0])?;
    Ok(handles)
}

/// What a process has forked; nothing if the system does not tell.
fn children_of(process: Pid) -> Vec<Pid> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.unwrap_or_default();
    children.split(' ').filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).collect()
}

/// Keeps the handle of one task until `others` more have been submitted and read.
///
/// Of each seven the last is read first: the results of the others are there before, and wait.
fn read_the_first_last(workers: usize, others: i64) -> io::Result<()> {
    let mut pool = Pool::new(workers, |input| 3 * input)?;
    let first = pool.submit(-7)?;
    let inputs: Vec<_> = (0..others).collect();
    for some in inputs.chunks(7) {
        let handles = some.iter().map(|&input| pool.submit(input));
        let handles = handles.collect::<io::Result<Vec<_>>>()?;
        for (input, handle) in some.iter().zip(handles).rev() {
            let result = handle.get()?;
            if result != 3 * input {
                event("main", format_args!("wrong value={result} for={input}"));
            }
        }
    }
    event("main", format_args!("first value={}", first.get()?));
    pool.close()?;
    pool.join()
}

/// Two workers, and two tasks with the same input: the first ends when the second has long ended,
/// and main waits for its result. Then come inputs that could be taken for signs of the pool's own,
/// and the same input once more.
fn tell_twins_apart() -> io::Result<()> {
    const TWIN: i64 = 7;
    const LAST: i64 = 9;
    let main = Pid::this();
    let (begun, main_asks, may_end) = (Gate::new()?, Gate::new()?, Gate::new()?);
    // A byte for the first of the twins; whoever comes later finds none.
    let (ticket, mut writer) = io::pipe()?;
    writer.write_all(&[0])?;
    drop(writer);
    let twin = || -> io::Result<()> {
        let first = (&ticket).read(&mut [0])? == 1;
        let who = if first { "task-0" } else { "task-1" };
        event(who, "start");
        if first {
            begun.open()?;
            may_end.pass()?;
        }
        event(who, "end");
        Ok(())
    };
    let last = || -> io::Result<()> {
        main_asks.pass()?;
        until_asleep(main.as_raw());
        may_end.open()
    };
    let mut pool = Pool::new(2, |input| {
        match input {
            TWIN => twin(),
            LAST => last(),
            _ => Ok(()),
        }
        .expect("the pipes are open");
        !input
    })?;

    let first = pool.submit(TWIN)?;
    begun.pass()?;
    let [second, other, last] = [pool.submit(TWIN)?, pool.submit(8)?, pool.submit(LAST)?];
    // When this result is there, so is that of the second task.
    read(vec![(2, other)])?;
    main_asks.open()?;
    read(vec![(0, first)])?;
    let mut rest = vec![(1, second), (3, last)];
    for (place, input) in (4..).zip([-1, -1, 0, i64::MIN, i64::MAX, TWIN]) {
        rest.push((place, pool.submit(input)?));
    }
    pool.close()?;
    pool.join()?;
    rest.reverse();
    read(rest)
}

/// A pool that does three tasks, one after the other, and is done with. Of their results only the
/// last is read.
fn another_pool() -> io::Result<()> {
    let mut pool = Pool::new(1, |input| input)?;
    let handles = (1..=3).map(|input| pool.submit(input)).collect::<io::Result<Vec<_>>>()?;
    if let Some(last) = handles.into_iter().last() {
        last.get()?;
    }
    pool.close()?;
    pool.join()
}

/// From now on a signal ends every call that it interrupts, and nothing else.
fn handle_signals() -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
}

/// Sends two signals to a process, when it waits for something.
fn send_signals(to: Pid) -> io::Result<()> {
    for _ in 0..2 {
        until_asleep(to.as_raw());
        kill(to, Signal::SIGUSR1)?;
    }
    Ok(())
}

/// The input of the task at a place. It is another number than the place, so that a pool is
/// found out that hands only places to its workers, and needs more than 32 bits.
fn input_at(place: usize) -> i64 {
    7 - FAR * place as i64
}

const FAR: i64 = 3 << 33;

fn place_of(input: i64) -> usize {
    let place = usize::try_from((7 - input) / FAR).unwrap_or(0);
    assert_eq!(input_at(place), input, "a task should get an input that was submitted");
    place
}

fn read(handles: Vec<(usize, Handle)>) -> io::Result<()> {
    for (place, handle) in handles {
        event("main", format_args!("result task={place} value={}", handle.get()?));
    }
    Ok(())
}

/// Makes the first tasks end in reverse order.
///
/// The sign that a task's result is on its way is that its worker begins another. So
/// each task that follows opens the gate of the next one to end, and stays, so that its
/// worker does not come back for more.
struct Backwards {
    gates: Vec<Gate>,
}

impl Backwards {
    fn new(count: usize) -> io::Result<Self> {
        let gates = (0..=count).map(|_| Gate::new()).collect::<io::Result<_>>()?;
        Ok(Self { gates })
    }

    fn take_turns(&self, place: usize) -> io::Result<()> {
        let count = self.gates.len() - 1;
        let follower = match place.checked_sub(count) {
            None if place + 1 == count => return Ok(()),
            None => return self.gates[place].pass(),
            Some(follower) => follower,
        };
        match count.checked_sub(follower + 2) {
            Some(next) => self.gates[next].open()?,
            None => self.gates[count].open()?,
        }
        self.gates[count].pass()
    }
}
