//! What the stack promises under every schedule.
//!
//! `src/lib.rs` is compiled a second time here, unchanged, against a look-alike of
//! std. Each test below runs again and again, and each time the threads take their
//! steps in another order: not luck decides which orders are tried.

#[macro_use]
extern crate interleave as std;

#[path = "../src/lib.rs"]
mod student;

// `crate::` in the student's file means this file.
#[allow(unused_imports)]
pub use student::*;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use student::LifoQueue;

#[test]
fn zero_to_four_come_out_backwards() {
    // Another stack has nothing to do with it.
    let other = LifoQueue::new(1);
    other.put(7);
    let stack = LifoQueue::new(5);
    assert_eq!((stack.len(), stack.is_empty()), (0, true), "a new stack is empty");
    for item in 0..5 {
        stack.put(item);
    }
    assert_eq!(stack.len(), 5, "five items went in");
    let items: Vec<i32> = (0..5).map(|_| stack.get()).collect();
    assert_eq!(items, [4, 3, 2, 1, 0], "last in, first out");
    assert_eq!((stack.len(), stack.is_empty()), (0, true), "five items came out");
    assert_eq!((other.len(), other.get()), (1, 7), "the other stack has its item");
}

#[test]
fn no_schedule_takes_another_item_than_the_last() {
    let stack = Arc::new(LifoQueue::new(0));
    stack.put(1);
    stack.put(2);
    let other = Arc::clone(&stack);
    let consumer = thread::spawn(move || other.get());
    stack.put(3);
    let taken = consumer.join().unwrap();
    let left = [stack.get(), stack.get()];
    // It came before the 3 or after it.
    let expected = if taken == 2 { [3, 1] } else { [2, 1] };
    assert_eq!((left, taken > 1), (expected, true), "{taken} was taken first");
    // Who put an item in plays no part.
    stack.put(4);
    let other = Arc::clone(&stack);
    thread::spawn(move || other.put(5)).join().unwrap();
    assert_eq!((stack.get(), stack.get()), (5, 4), "another thread put the last one in");
    // As soon as one item can be taken, those below it are inside.
    stack.put(6);
    let other = Arc::clone(&stack);
    let producer = thread::spawn(move || other.put(7));
    if stack.get() == 7 {
        assert_eq!(stack.try_get(), Some(6), "7 was on top of 6, and came out");
        assert_eq!(stack.len(), 0, "both came out, so nothing is inside");
    }
    producer.join().unwrap();
}

#[test]
fn no_schedule_puts_more_in_than_fit() {
    let stack = Arc::new(LifoQueue::new(1));
    let inside = Arc::new(AtomicUsize::new(0));
    let producers = [1, 2].map(|item| {
        let (stack, inside) = (Arc::clone(&stack), Arc::clone(&inside));
        thread::spawn(move || {
            stack.put(item);
            inside.fetch_add(1, Ordering::SeqCst);
        })
    });
    // Nothing was taken off yet, so what was put in is inside.
    let seen = inside.load(Ordering::SeqCst);
    assert_eq!(seen.min(1), seen, "there is room for one");
    let held = stack.len();
    assert_eq!(held.clamp(seen, 1), held, "what was put in is inside, and no more");
    interleave::reachable("one item goes in before anything is taken off", seen == 1);
    assert_eq!(stack.get() + stack.get(), 3, "both items come out");
    for producer in producers {
        producer.join().unwrap();
    }
}

#[test]
fn no_schedule_forgets_a_consumer() {
    let stack = Arc::new(LifoQueue::new(2));
    let consumers = [(); 2].map(|()| {
        let stack = Arc::clone(&stack);
        thread::spawn(move || stack.get())
    });
    stack.put(1);
    stack.put(2);
    let [first, second] = consumers.map(|consumer| consumer.join().unwrap());
    assert_eq!(first + second, 3, "each consumer gets one of the two items");
    let unbounded = Arc::new(LifoQueue::new(0));
    let other = Arc::clone(&unbounded);
    let consumer = thread::spawn(move || other.get());
    unbounded.put(3);
    assert_eq!(consumer.join().unwrap(), 3, "and so it is without a bound");
}

#[test]
fn no_schedule_forgets_a_producer() {
    let stack = Arc::new(LifoQueue::new(1));
    let producers = [vec![1, 2], vec![4]].map(|items| {
        let stack = Arc::clone(&stack);
        thread::spawn(move || items.into_iter().for_each(|item| stack.put(item)))
    });
    assert_eq!(stack.get() + stack.get() + stack.get(), 7, "all three items come out");
    for producer in producers {
        producer.join().unwrap();
    }
    assert_eq!(stack.len(), 0, "nothing is left");
    // Two who find it full, and room for both before the first has come back.
    let stack = Arc::new(LifoQueue::new(2));
    (0..2).for_each(|item| stack.put(item));
    let producers = [2, 3].map(|item| {
        let stack = Arc::clone(&stack);
        thread::spawn(move || stack.put(item))
    });
    let _ = (stack.get(), stack.get());
    for producer in producers {
        producer.join().unwrap();
    }
}

#[test]
fn trying_never_sleeps() {
    let stack = LifoQueue::new(2);
    let begin = Instant::now();
    assert_eq!(stack.try_get(), None, "there is nothing");
    assert_eq!(stack.try_put("a"), Ok(()), "there is room");
    assert_eq!(stack.try_put("b"), Ok(()), "there is room for two");
    assert_eq!(stack.try_put("c"), Err("c"), "it is full, and the item comes back");
    assert_eq!((stack.try_get(), stack.try_get()), (Some("b"), Some("a")), "last in, first out");
    assert_eq!(stack.try_get(), None, "there is nothing left");
    // Here time passes only for those who sleep, and hardly for those who look at the clock.
    let took = begin.elapsed();
    assert!(took < Duration::from_millis(1), "nobody sleeps, not even for a while: {took:?}");
    for maxsize in [0, -1, i64::MIN, i64::MAX] {
        let unbounded = LifoQueue::new(maxsize);
        assert_eq!((unbounded.try_put(1), unbounded.try_put(2)), (Ok(()), Ok(())), "no bound");
    }
    // Somebody sleeps in `get`, or is about to: there may be an item for two, but for one there is.
    let stack = Arc::new(LifoQueue::new(2));
    let other = Arc::clone(&stack);
    let consumer = thread::spawn(move || other.get());
    assert_eq!(stack.try_get(), None, "there is nothing");
    stack.put(1);
    stack.put(2);
    assert!(stack.try_get().is_some(), "two went in, and the consumer takes one of them");
    match stack.try_get() {
        Some(_) => stack.put(3),
        None => assert_eq!(stack.len(), 0, "there was nothing left, the consumer had come first"),
    }
    consumer.join().unwrap();
    // Somebody sleeps in `put`, or is about to.
    (3..5).for_each(|item| stack.put(item));
    let other = Arc::clone(&stack);
    let producer = thread::spawn(move || other.put(5));
    assert_eq!(stack.try_put(6), Err(6), "it is full, and stays so");
    let _ = (stack.get(), stack.get());
    assert_eq!(stack.try_put(7), Ok(()), "two came out, and the producer has room for one");
    let alone = stack.len() == 1;
    producer.join().unwrap();
    if alone {
        assert_eq!(stack.get(), 5, "5 went in after 7, however long it waited for room");
    }
    // One place, and a producer that sleeps, or comes to use it.
    let stack = Arc::new(LifoQueue::new(1));
    stack.put(8);
    let other = Arc::clone(&stack);
    let producer = thread::spawn(move || other.put(9));
    assert_eq!(stack.get(), 8, "it is full, so nothing else is inside");
    let refused = stack.try_put(10).is_err();
    let expected = if refused { 9 } else { 10 };
    assert_eq!(stack.try_get(), Some(expected), "10 is refused if 9 is inside, and only then");
    producer.join().unwrap();
}

#[test]
fn no_schedule_gives_one_item_to_two() {
    let stack = Arc::new(LifoQueue::new(2));
    stack.put(7);
    let other = Arc::clone(&stack);
    let thread = thread::spawn(move || other.try_get());
    let here = stack.try_get();
    let there = thread.join().unwrap();
    let both = [here, there];
    assert_eq!(both.iter().flatten().count(), 1, "one of two who try gets it: {both:?}");
}

#[test]
fn no_schedule_gives_one_place_to_two() {
    let stack = Arc::new(LifoQueue::new(1));
    let other = Arc::clone(&stack);
    let thread = thread::spawn(move || other.try_put(1));
    let here = stack.try_put(2);
    let there = thread.join().unwrap();
    let refused = [here, there].iter().filter(|put| put.is_err()).count();
    assert_eq!((refused, stack.len()), (1, 1), "one of two who try has room");
}

#[test]
fn trying_wakes_those_who_sleep() {
    let stack = Arc::new(LifoQueue::new(2));
    let consumers = [(); 2].map(|()| {
        let stack = Arc::clone(&stack);
        thread::spawn(move || stack.get())
    });
    assert_eq!((stack.try_put(1), stack.try_put(2)), (Ok(()), Ok(())), "there is room for two");
    let [first, second] = consumers.map(|consumer| consumer.join().unwrap());
    assert_eq!(first + second, 3, "each of two who wait for an item gets one");
    let unbounded = Arc::new(LifoQueue::new(0));
    let other = Arc::clone(&unbounded);
    let consumer = thread::spawn(move || other.get());
    assert_eq!(unbounded.try_put(3), Ok(()), "there is always room");
    assert_eq!(consumer.join().unwrap(), 3, "and who waits for an item gets it");
    // Two wait for an item, and one for room.
    let stack = Arc::new(LifoQueue::new(1));
    let consumers = [(); 2].map(|()| {
        let stack = Arc::clone(&stack);
        thread::spawn(move || stack.get())
    });
    assert_eq!(stack.try_put(1), Ok(()), "there is room for one");
    let other = Arc::clone(&stack);
    let producer = thread::spawn(move || other.put(2));
    let taken = stack.try_get();
    producer.join().unwrap();
    if taken.is_some() {
        stack.put(3);
    }
    for consumer in consumers {
        consumer.join().unwrap();
    }
    let stack = Arc::new(LifoQueue::new(2));
    (0..2).for_each(|_| stack.put(4));
    let producers = [5, 6].map(|item| {
        let stack = Arc::clone(&stack);
        thread::spawn(move || stack.put(item))
    });
    // It is full, so nothing else can be inside.
    assert_eq!(stack.try_get(), Some(4), "what is inside can be taken without waiting");
    assert!(stack.try_get().is_some(), "and so can the next");
    for producer in producers {
        producer.join().unwrap();
    }
    let left = [stack.try_get(), stack.try_get()];
    assert_eq!(left.iter().flatten().count(), 2, "both who wait for room get it: {left:?}");
}
