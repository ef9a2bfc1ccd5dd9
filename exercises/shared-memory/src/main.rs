//! A child writes into shared memory, and its parent reads what it wrote.
//!
//!     cargo run -p shared-memory -- --text Hello --at 0 --byte h --number 3.1415926 --count 5
//!     cargo run -p shared-memory -- --act add --processes 4 --rounds 1000
//!     cargo run -p shared-memory -- --act meet --number 7
//!
//! `--act` is `write`, `add` or `meet`; each is a function below. Other acts stand in `acts`, for
//! the checks.

mod acts;

use std::io;
use std::process::exit;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use shared_memory::{SharedBytes, SharedInts, SharedNumber};
use stage::{Arguments, Meeting, event};

/// As many digits as one remembers.
#[expect(clippy::approx_constant, reason = "these very digits are to arrive")]
const PI: f64 = 3.1415926;

/// Below zero, and far from it.
const LOW: i64 = -(1 << 40);

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "act",
        "text",
        "at",
        "byte",
        "number",
        "count",
        "others",
        "processes",
        "rounds",
        "times",
    ]);
    let text = arguments.get("text", "Hello".to_owned());
    match arguments.get("act", "write".to_owned()).as_str() {
        "write" => {
            let byte = arguments.get("byte", 'h') as u8;
            write_bytes(&text, arguments.get("at", 0), byte)?;
            let others = arguments.get("others", 0) != 0;
            write_numbers(arguments.get("number", PI), arguments.get("count", 5), others)
        }
        "add" => add(arguments.get("processes", 4), arguments.get("rounds", 1000)),
        "meet" => meet_in_an_update(arguments.get("number", 7.0) as i64),
        other => acts::play(other, &text, &arguments),
    }
}

fn write_bytes(text: &str, at: usize, byte: u8) -> io::Result<()> {
    let bytes = SharedBytes::new(text.as_bytes())?;
    let child = start(|| {
        event("child", format_args!("found {:?}", text_of(&bytes)));
        bytes.set(at, byte);
        Ok(())
    })?;
    wait_for(child)?;
    event("main", format_args!("bytes {:?}", text_of(&bytes)));
    Ok(())
}

fn text_of(bytes: &SharedBytes) -> String {
    String::from_utf8_lossy(&bytes.to_vec()).into_owned()
}

/// The child sets a number, and squares integers in place, some with the help of others.
fn write_numbers(number: f64, count: usize, others: bool) -> io::Result<()> {
    let shared = SharedNumber::new(-number)?;
    let integers = SharedInts::new(&(0..).take(count).collect::<Vec<_>>())?;
    let others = others.then(|| SharedInts::new(&[0])).transpose()?;
    let square = |integer| match &others {
        // Does with them what it likes.
        Some(others) => {
            others.set(0, integer);
            others.update(0, |other| other * integer);
            others.get(0)
        }
        None => integer * integer,
    };
    let child = start(|| {
        event("child", format_args!("number {}", shared.get()));
        shared.set(number);
        for index in 0..count {
            match index % 2 {
                0 => integers.update(index, square),
                _ => integers.set(index, integers.get(index) * integers.get(index)),
            }
        }
        Ok(())
    })?;
    wait_for(child)?;
    event("main", format_args!("number {}", shared.get()));
    event("main", format_args!("squares {:?}", integers.to_vec()));
    Ok(())
}

/// Several processes add 1 to the same integer, each `rounds` times. It is less than 32 bits can
/// hold, and stands between the least and the greatest.
fn add(processes: usize, rounds: usize) -> io::Result<()> {
    let integers = SharedInts::new(&[i64::MIN, LOW, i64::MAX])?;
    let ready = Meeting::new(processes as u8)?;
    let children = (0..processes).map(|_| {
        start(|| {
            ready.meet()?;
            (0..rounds).for_each(|_| integers.update(1, |integer| integer + 1));
            Ok(())
        })
    });
    for child in children.collect::<io::Result<Vec<_>>>()? {
        wait_for(child)?;
    }
    event("main", format_args!("total {:?}", integers.to_vec()));
    Ok(())
}

/// Two processes update the same integer, and want to meet while they do.
///
/// If one keeps the other out, they never meet. If they meet, both have read the same
/// integer, and one of them has to notice and begin again.
fn meet_in_an_update(number: i64) -> io::Result<()> {
    let integers = SharedInts::new(&[0, number, 0])?;
    let meeting = Meeting::new(2)?;
    let children = [("triples", 3), ("multiplies", 10)].map(|(who, factor)| {
        let (integers, meeting) = (&integers, &meeting);
        start(move || {
            integers.update(1, |integer| {
                event(who, "reads");
                meeting.meet().expect("the pipes of the meeting are open");
                integer * factor
            });
            event(who, "done");
            Ok(())
        })
    });
    for child in children {
        wait_for(child?)?;
    }
    event("main", format_args!("total {:?}", integers.to_vec()));
    Ok(())
}

/// Forks a process that does `job` and ends.
fn start(job: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(i32::from(job().is_err())),
        ForkResult::Parent { child } => Ok(child),
    }
}

fn wait_for(child: Pid) -> io::Result<()> {
    match waitpid(child, None)? {
        WaitStatus::Exited(_, 0) => Ok(()),
        how => Err(io::Error::other(format!("the child failed: {how:?}"))),
    }
}
