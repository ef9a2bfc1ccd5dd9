//! Children send lists through pipes, and their parent gathers them.
//!
//!     cargo run -p pipe -- --children 5 --numbers 1,2,3,4,5
//!
//! Each child sends `--numbers`; with `--shorter 1` one number less than the child before
//! it, and with `--length 30000` that many times its own number. The first `--meet`
//! children wait for one another before they send, and child `--die` is killed then.
//! `--pieces 3` sends the list through something that takes and gives 3 bytes at a time.

use std::io::{self, Read, Write};

use nix::sys::signal::{Signal, raise};
use pipe::{gather, receive, send};
use stage::{Arguments, Meeting, event};

fn main() -> io::Result<()> {
    let known = ["children", "numbers", "shorter", "length", "meet", "die", "pieces"];
    let arguments = Arguments::take(&known);
    let numbers = arguments.list("numbers", vec![1, 2, 3, 4, 5]);
    match arguments.get("pieces", 0) {
        0 => from_children(&arguments, &numbers),
        size => in_pieces(size, &numbers),
    }
}

fn from_children(arguments: &Arguments, numbers: &[i64]) -> io::Result<()> {
    let shorter = arguments.get("shorter", 0);
    let length = arguments.get("length", 0);
    let die = arguments.get("die", 0);
    let meeting = Meeting::new(arguments.get("meet", 1))?;

    let lists = gather(arguments.get("children", 5), |number| {
        let who = format!("child-{number}");
        event(&who, "start");
        meeting.meet().expect("the pipes of the meeting are open");
        if number == die {
            raise(Signal::SIGKILL).expect("a process may send signals to itself");
        }
        event(&who, "send");
        match length {
            0 => numbers[..numbers.len().saturating_sub(shorter * (number - 1))].to_vec(),
            length => vec![number as i64; length],
        }
    })?;
    // Not more than anybody can read, should they have come apart.
    for list in lists.iter().take(1_000) {
        event("main", format_args!("got {}", in_short(list)));
    }
    event("main", format_args!("lists={}", lists.len()));
    Ok(())
}

/// Sends the list, an empty one and a third, and receives until the end.
fn in_pieces(size: usize, numbers: &[i64]) -> io::Result<()> {
    let mut wire = Wire { size, bytes: Vec::new() };
    send(&mut wire, numbers)?;
    send(&mut wire, &[])?;
    send(&mut wire, &[-1, i64::MIN, i64::MAX])?;
    while let Some(list) = receive(&mut wire)? {
        event("main", format_args!("got {}", in_short(&list)));
    }
    event("main", "end");

    let refused = cut_is_an_error(size, &[])? && cut_is_an_error(size, &[-1, i64::MIN, i64::MAX])?;
    event("main", format_args!("cut={}", if refused { "error" } else { "accepted" }));
    Ok(())
}

/// Whether `receive` refuses `list` wherever it is cut short after its first byte.
fn cut_is_an_error(size: usize, list: &[i64]) -> io::Result<bool> {
    let mut whole = Wire { size, bytes: Vec::new() };
    send(&mut whole, list)?;
    Ok((1..whole.bytes.len()).all(|length| {
        let mut wire = Wire { size, bytes: whole.bytes[..length].to_vec() };
        receive(&mut wire).is_err()
    }))
}

/// `[1 2 3]`, and `[3x7]` for three sevens in a row.
fn in_short(list: &[i64]) -> String {
    const SHOWN: usize = 12;
    let runs: Vec<_> = list.chunk_by(|one, next| one == next).collect();
    let words = runs.iter().take(SHOWN).map(|run| match run.len() {
        1 => run[0].to_string(),
        count => format!("{count}x{}", run[0]),
    });
    let rest = if runs.len() > SHOWN { " ..." } else { "" };
    format!("[{}{rest}]", words.collect::<Vec<_>>().join(" "))
}

/// Takes and gives at most `size` bytes at a time, as pipes and sockets may.
struct Wire {
    size: usize,
    bytes: Vec<u8>,
}

impl Write for Wire {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let taken = from.len().min(self.size);
        self.bytes.extend(&from[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let given = into.len().min(self.size).min(self.bytes.len());
        into[..given].copy_from_slice(&self.bytes[..given]);
        self.bytes.drain(..given);
        Ok(given)
    }
}
