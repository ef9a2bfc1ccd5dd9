//! What the checks have processes do with the queue besides.
//!
//! - `row`: one process puts and gets, and the queue is full most of the time;
//! - `leave`, `last`: it is closed while items are in it, and while a reader sleeps;
//! - `try`, `hurry`, `beside`: takes and puts that do not wait; several at the same time; while a
//!   reader or a writer sleeps;
//! - `in-turn`: as many items come as readers sleep, and as many places as writers;
//! - `bytes`: items of any bytes, and one that is too large;
//! - `full`, `empty`: a writer, or readers, and nobody else: they sleep for ever;
//! - `terminate`: a reader is terminated, a creator killed, a queue dropped.

mod bytes;
mod close;
mod row;
mod sleepers;
mod terminate;
mod tries;

use std::io;

use message_queue::Queue;

use crate::{read_to_end, start, wait_for};

/// The act of that name; `number` gives an argument, or the default.
pub fn act(
    name: &str,
    queue: Queue,
    words: &[String],
    number: impl Fn(&'static str, usize) -> usize,
) -> io::Result<()> {
    match name {
        "row" => row::in_a_row(&queue, number("capacity", 3)),
        "leave" => close::leave(&queue, number("puts", 3)),
        "last" => close::put_and_close(number("capacity", 3)),
        "try" => tries::without_waiting(&queue),
        "hurry" => tries::several_try(&queue, number("capacity", 10)),
        "beside" => tries::beside_a_sleeper(&queue, number("capacity", 3)),
        "in-turn" => {
            sleepers::one_for_each_sleeper(&queue, number("capacity", 10), number("readers", 10))
        }
        "bytes" => bytes::any_bytes(&queue, number("capacity", 3)),
        "full" => wait_for(vec![start(|| sleepers::until_full(&queue))?]),
        "empty" => {
            let readers = number("readers", 2);
            wait_for(
                (0..readers)
                    .map(|_| start(|| read_to_end("reader", &queue)))
                    .collect::<io::Result<_>>()?,
            )
        }
        "terminate" => terminate::terminate(queue, words),
        other => Err(io::Error::other(format!("there is no act `{other}`"))),
    }
}
