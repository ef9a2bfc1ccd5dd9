//! Squares numbers in a pool of processes.
//!
//!     cargo run -p pool-map -- --workers 2 --chunk 2 --numbers 1,2,3,4,5
//!
//! The first `--meet` chunks wait for one another, so they must be in work at
//! once. With `--backwards 1` a chunk is done only after the next one. With
//! `--who 1` each chunk says by which process it is done.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process;
use std::thread;
use std::time::Duration;

use pool_map::pool_map;
use stage::{Arguments, Meeting, event};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["workers", "chunk", "numbers", "meet", "backwards", "who"]);
    let workers = arguments.get("workers", 2);
    let chunk = arguments.get("chunk", 2);
    let numbers = arguments.list("numbers", vec![1, 2, 3, 4, 5]);
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    let chunks = numbers.len().div_ceil(chunk);
    let backwards = match arguments.get("backwards", 0) {
        0 => None,
        _ => Some(Backwards::new(chunks)?),
    };

    // Positions travel with the numbers, so that each chunk can be told apart.
    let input: Vec<i64> = (0..).take(numbers.len()).collect();
    let squares = pool_map(workers, chunk, &input, |positions| {
        let first = positions.first().map_or(0, |&position| position as usize);
        let who = format!("chunk-{}", first / chunk);
        event(&who, format_args!("start first={first} len={}", positions.len()));
        if arguments.get("who", 0) == 1 {
            event(&who, format_args!("by pid={}", process::id()));
        }
        meeting.meet().expect("the pipes of the meeting are open");
        if let Some(order) = &backwards {
            order.wait_for_the_next(first / chunk);
        }
        let squares =
            positions.iter().map(|&position| square(numbers[position as usize])).collect();
        event(&who, "end");
        if let Some(order) = &backwards {
            order.done(first / chunk);
        }
        squares
    })?;

    let squares: Vec<_> = squares.iter().map(i64::to_string).collect();
    event("main", format_args!("squares={}", squares.join(",")));
    Ok(())
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
