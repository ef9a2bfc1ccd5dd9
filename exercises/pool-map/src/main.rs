//! Squares numbers in a pool of processes.
//!
//!     cargo run -p pool-map -- --workers 2 --chunk 2 --numbers 1,2,3,4,5
//!
//! The first `--meet` chunks that are begun wait for one another, so they must be in work at
//! once. With `--backwards 1` a chunk is done only after the next one. With `--sign -1` the results are
//! below zero. The other arguments are for the checks; what they ask for stands in `acts`.

mod acts;

use std::io;
use std::process;

use pool_map::pool_map;
use stage::{Arguments, event};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "workers",
        "chunk",
        "numbers",
        "meet",
        "rounds",
        "backwards",
        "who",
        "again",
        "sign",
        "own",
        "count",
        "refuse",
    ]);
    let workers = arguments.get("workers", 2);
    let chunk = arguments.get("chunk", 2);
    let numbers = arguments.list("numbers", vec![1, 2, 3, 4, 5]);
    let sign = arguments.get("sign", 1);
    let count = arguments.get("count", 0);
    if count > 0 {
        return acts::square_many(workers, chunk, count, arguments.get("refuse", 0) == 1);
    }
    let chunks = numbers.len().div_ceil(chunk);
    let meetings =
        acts::Meetings::new(arguments.get("meet", 1), arguments.get("rounds", 1), chunks)?;
    let backwards = match arguments.get("backwards", 0) {
        0 => None,
        _ => Some(acts::Backwards::new(chunks)?),
    };

    let own = if arguments.get("own", 0) == 1 { Some(acts::OwnChildren::fork()?) } else { None };

    // The input tells of positions, so that each chunk can be told apart.
    let input: Vec<_> = (0..numbers.len()).map(input_at).collect();
    let before = acts::descriptors()?;
    let squares = pool_map(workers, chunk, &input, |part| {
        let first = part.first().map_or(0, |&input| place_of(input));
        let who = format!("chunk-{}", first / chunk);
        event(&who, format_args!("start first={first} len={}", part.len()));
        if arguments.get("who", 0) == 1 {
            event(&who, format_args!("by pid={}", process::id()));
        }
        meetings.meet().expect("the pipes of the meetings are open");
        if let (Some(own), 0) = (&own, first) {
            own.end_one().expect("the pipes of the children are open");
        }
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
    let left_open = acts::descriptors()?.saturating_sub(before);
    event("main", format_args!("squares={}", list(&squares)));
    if let Some(own) = own {
        event("main", format_args!("own={}", own.wait_for()?));
    }
    let again = arguments.get("again", 0);
    if again > 0 {
        acts::sum_up(workers, again, &numbers, sign, left_open)?;
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
