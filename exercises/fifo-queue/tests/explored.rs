//! What the queue promises under every schedule.
//!
//! `src/lib.rs` is compiled a second time here, unchanged, against a look-alike of
//! std. Each test below runs again and again, and each time the threads take their
//! steps in another order: not luck decides which orders are tried.

#![allow(
    clippy::bool_assert_comparison,
    reason = "each assertion shows what was seen and what was expected"
)]

#[macro_use]
extern crate interleave as std;

#[path = "../src/lib.rs"]
mod student;

// `crate::` in the student's file means this file.
#[allow(unused_imports)]
pub use student::*;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use student::Queue;

#[test]
fn zero_to_four_come_out_in_order() {
    let queue = Queue::new(5);
    assert_eq!((queue.len(), queue.is_empty()), (0, true), "a new queue is empty");
    for item in 0..5 {
        queue.put(item);
    }
    assert_eq!(queue.len(), 5, "five items went in");
    let items: Vec<i32> = (0..5).map(|_| queue.get()).collect();
    assert_eq!(items, [0, 1, 2, 3, 4], "first in, first out");
    assert_eq!((queue.len(), queue.is_empty()), (0, true), "five items came out");
    // Once more, and some are put in by other threads, one after the other.
    let queue = Arc::new(queue);
    for item in 0..5 {
        let other = Arc::clone(&queue);
        match item % 2 {
            0 => thread::spawn(move || other.put(item)).join().unwrap(),
            _ => queue.put(item),
        }
    }
    let items: Vec<i32> = (0..5).map(|_| queue.get()).collect();
    assert_eq!(items, [0, 1, 2, 3, 4], "first in, first out, whoever put them in");
    // Two go in and one comes out, again and again: with bounds that are not reached, and without.
    for maxsize in [100, i64::MAX, 0, i64::MIN] {
        let queue = Queue::new(maxsize);
        let mut items = Vec::new();
        for round in 0..20 {
            queue.put(2 * round);
            queue.put(2 * round + 1);
            items.push(queue.get());
        }
        items.extend((0..20).map(|_| queue.get()));
        assert!(
            items.iter().copied().eq(0..40),
            "maxsize {maxsize}: first in, first out: {items:?}"
        );
    }
}

#[test]
fn no_schedule_changes_the_order() {
    let queue = Arc::new(Queue::new(2));
    let other = Arc::clone(&queue);
    let producer = thread::spawn(move || (0..3).for_each(|item| other.put(item)));
    let first = queue.get();
    let held = queue.len();
    assert_eq!(held.min(2), held, "one of three came out, so at most two are inside");
    let items = [first, queue.get(), queue.get()];
    assert_eq!(items, [0, 1, 2], "one producer's items come out in its order");
    producer.join().unwrap();
}

#[test]
fn no_schedule_puts_more_in_than_fit() {
    let queue = Arc::new(Queue::new(2));
    let inside = Arc::new(AtomicUsize::new(0));
    // One is inside, with another that has come out again: there is room for one.
    (0..2).for_each(|_| queue.put(0));
    queue.get();
    let producers = [1, 2].map(|item| {
        let (queue, inside) = (Arc::clone(&queue), Arc::clone(&inside));
        thread::spawn(move || {
            queue.put(item);
            inside.fetch_add(1, Ordering::SeqCst);
        })
    });
    // Nothing more was taken out yet, so what was put in is inside.
    let seen = inside.load(Ordering::SeqCst);
    assert_eq!(seen.min(1), seen, "there is room for one");
    let (held, empty) = (queue.len(), queue.is_empty());
    assert_eq!(held.clamp(1 + seen, 2), held, "what was put in is inside, and no more than fit");
    assert_eq!(empty, false, "an item is inside, so the queue is not empty");
    interleave::reachable("one more item goes in before anything is taken out", seen == 1);
    assert_eq!(queue.get() + queue.get() + queue.get(), 3, "all items come out");
    for producer in producers {
        producer.join().unwrap();
    }
}

#[test]
fn no_schedule_forgets_a_consumer() {
    let queue = Arc::new(Queue::new(2));
    let consumers = [(); 2].map(|()| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || queue.get())
    });
    queue.put(1);
    queue.put(2);
    let [first, second] = consumers.map(|consumer| consumer.join().unwrap());
    assert_eq!(first + second, 3, "each consumer gets one of the two items");
    let unbounded = Arc::new(Queue::new(0));
    let other = Arc::clone(&unbounded);
    let consumer = thread::spawn(move || other.get());
    // Whoever sleeps in `get` keeps nobody from asking.
    assert_eq!((unbounded.len(), unbounded.is_empty()), (0, true), "nothing was put in");
    unbounded.put(3);
    assert_eq!(consumer.join().unwrap(), 3, "and so it is without a bound");
}

#[test]
fn no_schedule_forgets_a_producer() {
    let queue = Arc::new(Queue::new(1));
    let producers = [vec![1, 2], vec![4]].map(|items| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || items.into_iter().for_each(|item| queue.put(item)))
    });
    assert_eq!(queue.get() + queue.get() + queue.get(), 7, "all three items come out");
    for producer in producers {
        producer.join().unwrap();
    }
    assert_eq!(queue.len(), 0, "nothing is left");
    // Two who find it full, and room for both before the first has come back.
    let queue = Arc::new(Queue::new(2));
    (0..2).for_each(|item| queue.put(item));
    let producers = [2, 3].map(|item| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || queue.put(item))
    });
    let _ = (queue.get(), queue.get());
    for producer in producers {
        producer.join().unwrap();
    }
}

#[test]
fn no_schedule_joins_before_all_is_done() {
    let queue = Arc::new(Queue::new(2));
    queue.join();
    queue.put("a");
    queue.put("b");
    let done = Arc::new(AtomicUsize::new(0));
    let (other, count) = (Arc::clone(&queue), Arc::clone(&done));
    let worker = thread::spawn(move || {
        for _ in 0..2 {
            other.get();
            count.fetch_add(1, Ordering::SeqCst);
            other.task_done();
        }
    });
    queue.join();
    assert_eq!(done.load(Ordering::SeqCst), 2, "both items are done when join returns");
    worker.join().unwrap();
    // And once more: a queue is not done with for good. This time the worker is there before the item.
    let (other, count) = (Arc::clone(&queue), Arc::clone(&done));
    let worker = thread::spawn(move || {
        other.get();
        count.fetch_add(1, Ordering::SeqCst);
        other.task_done();
    });
    queue.put("c");
    queue.join();
    assert_eq!(done.load(Ordering::SeqCst), 3, "the third item is done when join returns again");
    worker.join().unwrap();
    // What comes in while somebody joins has to be done, too.
    queue.put("d");
    let (other, count) = (Arc::clone(&queue), Arc::clone(&done));
    let joining = thread::spawn(move || {
        other.join();
        count.fetch_add(1, Ordering::SeqCst);
    });
    queue.put("e");
    let _ = (queue.get(), queue.get());
    queue.task_done();
    assert_eq!(done.load(Ordering::SeqCst), 3, "one of two is not done, so nobody has joined");
    queue.task_done();
    joining.join().unwrap();
}

#[test]
fn no_schedule_forgets_who_joins() {
    let queue = Arc::new(Queue::new(1));
    queue.put(());
    let waiting = [(); 2].map(|()| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || queue.join())
    });
    queue.get();
    queue.task_done();
    for thread in waiting {
        thread.join().unwrap();
    }
    queue.join();
}

#[test]
fn a_task_that_nobody_had_cannot_be_done() {
    // What is left to do in another queue is not this one's.
    let other = Queue::new(1);
    other.put(7);
    let queue = Queue::new(0);
    queue.put(1);
    queue.get();
    queue.task_done();
    queue.join();
    let once_more = catch_unwind(AssertUnwindSafe(|| queue.task_done()));
    assert_eq!(once_more.is_err(), true, "one item, done twice: task_done panics");
    assert_eq!(other.len(), 1, "the other queue has its item");
    // After a panic nothing has to be right any more, but nobody waits for what nobody had.
    let _ = catch_unwind(AssertUnwindSafe(|| queue.join()));
}
