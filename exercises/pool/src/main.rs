//! Submits squares to a pool of processes and reads the results afterwards.
//!
//!     cargo run -p pool -- --workers 4 --numbers 0,1,2,3,4 --meet 4 --held 1,3
//!
//! The first `--meet` tasks wait for one another. The tasks `--held` wait until the
//! main process has read all other results. With `--late 1` one more task is submitted after
//! `close`. With `--sign -1` results are below zero. The results of the `--first` tasks are each read
//! before the next task is submitted. The handles of the tasks `--dropped` are dropped at once. With
//! `--gone 1` the pool is dropped before the last results are read. The other arguments are for the
//! checks; what they ask for stands in `acts`.

mod acts;

use std::io::{self, Read, Write};
use std::process;

use nix::unistd::Pid;
use pool::{Handle, Pool};
use stage::{Arguments, Gate, Meeting, event};

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
        return acts::read_the_first_last(workers, arguments.get("kept", 0));
    }
    if arguments.get("twins", 0) == 1 {
        return acts::tell_twins_apart();
    }
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    let others_are_read = Gate::new()?;
    let (mut begun, begins) = io::pipe()?;
    let dropped = arguments.list("dropped", Vec::<usize>::new());
    let (signal, main) = (arguments.get("signal", 0) == 1, Pid::this());
    if signal {
        acts::handle_signals()?;
    }
    if arguments.get("before", 0) == 1 {
        acts::another_pool()?;
    }
    let backwards = match arguments.get("backwards", 0) {
        0 => None,
        count => Some(acts::Backwards::new(count)?),
    };

    // The inputs tell of places, so that each task can be told apart.
    let task = |input: i64| {
        let place = place_of(input);
        if place >= numbers.len() {
            (&begins).write_all(&[0]).expect("the pipe is open");
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
            acts::send_signals(main).expect("main is there");
        }
        event(&who, "end");
        sign * numbers[place] * numbers[place]
    };

    let mut pool = Pool::new(workers, task)?;
    if signal {
        acts::children_of(main).into_iter().try_for_each(acts::send_signals)?;
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
        handles.extend(acts::submit_until_begun(&mut begun, (numbers.len()..).map(submit))?);
        event("main", "begun");
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
