//! Producers put numbered items into one queue, consumers take them out.
//!
//!     cargo run -p fifo-queue -- --producers 2 --items 5 --consumers 2 --maxsize 3
//!
//! Without consumers (`--consumers 0`) a producer gets as far as the queue has room. With
//! `--more 1` each consumer asks for one item more than there are, and says of none that it is
//! done: main joins for ever. Producers begin when all consumers sleep then.

use std::thread;

use fifo_queue::Queue;
use stage::{Arguments, Arrivals, event};

/// What arrivals are told by.
const PIPE: &str = "a pipe of our own";

fn main() {
    let arguments = Arguments::take(&["producers", "items", "consumers", "maxsize", "more"]);
    let producers = arguments.get("producers", 2);
    let items = arguments.get("items", 5);
    let consumers = arguments.get("consumers", 2);
    let maxsize = arguments.get("maxsize", 3);
    let more = arguments.get("more", 0);

    let queue = &Queue::new(maxsize);
    let arrivals = &Arrivals::new().expect(PIPE);
    thread::scope(|scope| {
        for number in 1..=consumers {
            let all = producers * items;
            let share = all / consumers + usize::from(number <= all % consumers);
            scope.spawn(move || {
                arrivals.arrive().expect(PIPE);
                consume(queue, number, share + more, more == 0);
            });
        }
        if more > 0 {
            // Likely, and no right queue depends on it.
            (0..consumers).for_each(|_| arrivals.until_next_sleeps().expect(PIPE));
        }
        let start = |number| scope.spawn(move || produce(queue, number, items));
        let producing: Vec<_> = (1..=producers).map(start).collect();
        for producer in producing {
            producer.join().expect("a producer only puts");
        }
        if consumers > 0 {
            // Everything is in by now: before, all that was in could be done for a moment.
            queue.join();
            event("main", format_args!("joined left={}", queue.len()));
        }
    });
    event("main", format_args!("end left={}", queue.len()));
}

/// Puts in `producer.0`, `producer.1`, ... and says so after each.
fn produce(queue: &Queue<String>, producer: usize, items: usize) {
    for number in 0..items {
        let item = format!("{producer}.{number}");
        queue.put(item.clone());
        event(format_args!("producer-{producer}"), format_args!("put={item}"));
    }
}

/// Takes `share` items out; if `done` each is done as soon as it has been told of.
fn consume(queue: &Queue<String>, consumer: usize, share: usize, done: bool) {
    for _ in 0..share {
        let item = queue.get();
        event(format_args!("consumer-{consumer}"), format_args!("got={item}"));
        if done {
            queue.task_done();
        }
    }
}
