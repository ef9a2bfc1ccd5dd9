//! Schedules per second of processor time on a bounded queue: two producers and a consumer, three items each.
//!
//! `cargo run --release -p interleave --example speed`

#![expect(clippy::unwrap_used, reason = "code of the kind that students write")]

#[macro_use]
extern crate interleave as std;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

struct Queue {
    items: Mutex<VecDeque<u32>>,
    not_full: Condvar,
    not_empty: Condvar,
}

impl Queue {
    fn push(&self, item: u32) {
        let mut items = self.items.lock().unwrap();
        while items.len() == 2 {
            items = self.not_full.wait(items).unwrap();
        }
        items.push_back(item);
        self.not_empty.notify_one();
    }

    fn pop(&self) -> u32 {
        let mut items = self.items.lock().unwrap();
        loop {
            if let Some(item) = items.pop_front() {
                self.not_full.notify_one();
                return item;
            }
            items = self.not_empty.wait(items).unwrap();
        }
    }
}

fn bounded_queue() {
    let queue = Arc::new(Queue {
        items: Mutex::new(VecDeque::new()),
        not_full: Condvar::new(),
        not_empty: Condvar::new(),
    });
    let producers: Vec<_> = (0..2)
        .map(|producer| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || (0..3).for_each(|item| queue.push(producer * 10 + item)))
        })
        .collect();
    let consumer = {
        let queue = Arc::clone(&queue);
        thread::spawn(move || (0..6).map(|_| queue.pop()).sum::<u32>())
    };
    for producer in producers {
        producer.join().unwrap();
    }
    assert_eq!(consumer.join().unwrap(), 36);
}

fn main() {
    let schedules = 100_000;
    for strategy in interleave::Strategy::ALL
        .map(|strategy| vec![strategy])
        .into_iter()
        .chain([interleave::Strategy::ALL.to_vec()])
    {
        let explore = interleave::Explore::new("bounded queue")
            .schedules(schedules)
            .exhaustive_up_to(0)
            .strategies(&strategy);
        let started = processor_seconds();
        let report = explore.run(bounded_queue);
        let seconds = processor_seconds() - started;
        assert!(report.passed(), "{report}");
        let names: Vec<String> = strategy.iter().map(ToString::to_string).collect();
        println!("{:<28} {:>9.0} schedules/s", names.join("+"), report.schedules as f64 / seconds);
    }
}

/// Processor time of this thread in seconds: a busy machine does not count.
fn processor_seconds() -> f64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e9
}
