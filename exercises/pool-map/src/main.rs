//! Squares numbers in a pool of processes.
//!
//!     cargo run -p pool-map -- --workers 2 --chunk 2 --numbers 1,2,3,4,5
//!
//! The first `--meet` chunks wait for one another, so they must be in work at
//! once. With `--backwards 1` a chunk is done only after the next one. With
//! `--who 1` each chunk says by which process it is done. With `--again 1` the numbers
//! are squared once more afterwards. With `--sign -1` the results are below zero.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process;
use std::thread;
use std::time::Duration;

use pool_map::pool_map;
use stage::{Arguments, Meeting, event};

fn main() -> io::Result<()> {
    let names = ["workers", "chunk", "numbers", "meet", "backwards", "who", "again", "sign"];
    let arguments = Arguments::take(&names);
    let workers = arguments.get("workers", 2);
    let chunk = arguments.get("chunk", 2);
    let numbers = arguments.list("numbers", vec![1, 2, 3, 4, 5]);
    let sign = arguments.get("sign", 1);
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    let chunks = numbers.len().div_ceil(chunk);
    let backwards = match arguments.get("backwards", 0) {
        0 => None,
        _ => Some(Backwards::new(chunks)?),
    };

    // The input tells of positions, so that each chunk can be told apart.
    let input: Vec<_> = (0..numbers.len()).map(input_at).collect();
    let squares = pool_map(workers, chunk, &input, |part| {
        let first = part.first().map_or(0, |&input| place_of(input));
        let who = format!("chunk-{}", first / chunk);
        event(&who, format_args!("start first={first} len={}", part.len()));
        if arguments.get("who", 0) == 1 {
            event(&who, format_args!("by pid={}", process::id()));
        }
        meeting.meet().expect("the pipes of the meeting are open");
        if let Some(order) = &backwards {
            order.wait_for_the_next(first / chunk);
        }
        let squares = part.iter().map(|&input| sign * square(numbers[place_of(input)])).collect();
        event(&who, "end");
        if let Some(order) = &backwards {
            order.done(first / chunk);
        }
        squares
    })?;

    event("main", format_args!("squares={}", list(&squares)));
    if arguments.get("again", 0) == 1 {
        let squares = pool_map(workers, chunk, &numbers, |part| {
            part.iter().map(|&number| sign * square(number)).collect()
        })?;
        event("main", format_args!("again={}", list(&squares)));
    }
    Ok(())
}

/// The input of the number at a place. It is another number than the place, so that a map is
/// found out that hands only places to its workers.
fn input_at(place: usize) -> i64 {
    3 * place as i64 + 7
}

fn place_of(input: i64) -> usize {
    let place = usize::try_from((input - 7) / 3).unwrap_or(0);
    assert_eq!(input_at(place), input, "a task should get an input that was given");
    place
}

fn list(squares: &[i64]) -> String {
    squares.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

fn square(number: i64) -> i64 {
    number * number
}

/// Makes chunks end in the reverse of their order: one pipe per chunk says that it is done.
struct Backwards {
    done: Vec<(PipeReader, PipeWriter)>,
}

impl Backwards {
    fn new(chunks: usize) -> io::Result<Self> {
        let done = (0..chunks).map(|_| io::pipe()).collect::<io::Result<_>>()?;
        Ok(Self { done })
    }

    fn wait_for_the_next(&self, chunk: usize) {
        if let Some((reader, _)) = self.done.get(chunk + 1) {
            (&*reader).read_exact(&mut [0]).expect("the pipes of the chunks are open");
            // That result is to get home first. If this is too short, a map that takes results
            // as they come may be right by luck; a map that keeps the order always is.
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn done(&self, chunk: usize) {
        if let Some((_, writer)) = self.done.get(chunk) {
            (&*writer).write_all(&[0]).expect("the pipes of the chunks are open");
        }
    }
}
