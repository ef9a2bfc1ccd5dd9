//! Producers put numbered items on one stack, consumers take them off.
//!
//!     cargo run -p lifo-queue -- --producers 2 --items 5 --consumers 2 --maxsize 3
//!
//! Without consumers (`--consumers 0`) a producer gets as far as the stack has room. With
//! `--more 1` each consumer asks for one item more than there are.

use std::thread;

use lifo_queue::LifoQueue;
use stage::{Arguments, event};

fn main() {
    let arguments = Arguments::take(&["producers", "items", "consumers", "maxsize", "more"]);
    let producers = arguments.get("producers", 2);
    let items = arguments.get("items", 5);
    let consumers = arguments.get("consumers", 2);
    let maxsize = arguments.get("maxsize", 3);
    let more = arguments.get("more", 0);

    let stack = LifoQueue::new(maxsize);
    thread::scope(|scope| {
        for number in 1..=producers {
            let stack = &stack;
            scope.spawn(move || produce(stack, number, items));
        }
        for number in 1..=consumers {
            let stack = &stack;
            let all = producers * items;
            let share = all / consumers + usize::from(number <= all % consumers);
            scope.spawn(move || consume(stack, number, share + more));
        }
    });
    event("main", format_args!("end left={}", stack.len()));
    while let Some(item) = stack.try_get() {
        event("main", format_args!("left={item}"));
    }
}

/// Puts `producer.0`, `producer.1`, ... on the stack and says so after each.
fn produce(stack: &LifoQueue<String>, producer: usize, items: usize) {
    for number in 0..items {
        let item = format!("{producer}.{number}");
        stack.put(item.clone());
        event(format_args!("producer-{producer}"), format_args!("put={item}"));
    }
}

/// Takes `share` items off.
fn consume(stack: &LifoQueue<String>, consumer: usize, share: usize) {
    for _ in 0..share {
        let item = stack.get();
        event(format_args!("consumer-{consumer}"), format_args!("got={item}"));
    }
}
