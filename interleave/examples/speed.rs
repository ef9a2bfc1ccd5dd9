//! Schedules per second of processor time on a bounded queue: two producers and a consumer,
//! three items each. Beside it, in the same run, what bounds it: Shuttle alone switching as
//! often between as many threads, and the same program on real threads.
//!
//! `cargo run --release -p interleave --example speed`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints, and its program is of the kind that students write"
)]

use interleave::{Explore, Strategy};
use shuttle_engine::runtime::execution::ExecutionState;
use shuttle_engine::runtime::thread::switch;
use shuttle_engine::{Config, FailurePersistence, MaxSteps, Runner};

const SCHEDULES: usize = 50_000;
const NATIVE_RUNS: usize = 5_000;

/// Threads of the program besides its own.
const THREADS: usize = 3;

macro_rules! program {
    ($std:ident) => {
        use std::collections::VecDeque;

        use $std::sync::{Arc, Condvar, Mutex};
        use $std::thread;

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

        pub(super) fn bounded_queue() -> u32 {
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
            consumer.join().unwrap()
        }
    };
}

mod explored {
    program!(interleave);
}

mod native {
    program!(std);
}

fn main() {
    let steps = steps();
    let bare = rate(SCHEDULES, || shuttle_alone(steps / (THREADS + 1)));
    println!("shuttle alone, {steps} switches a schedule: {bare:.0} schedules/s");
    let native = rate(NATIVE_RUNS, || {
        (0..NATIVE_RUNS).for_each(|_| assert_eq!(native::bounded_queue(), 36));
    });
    println!("real threads: {native:.0} runs/s\n");
    println!("| strategy | schedules/s | of shuttle alone |\n|---|---|---|");
    let singles = Strategy::ALL.map(|strategy| (strategy.to_string(), vec![strategy]));
    let all = ("portfolio".to_owned(), Strategy::ALL.to_vec());
    for (name, strategies) in singles.into_iter().chain([all]) {
        let explore = Explore::new("bounded queue").schedules(SCHEDULES).exhaustive_up_to(0);
        let explore = explore.strategies(&strategies);
        let rate = rate(SCHEDULES, || {
            let report = explore.run(|| assert_eq!(explored::bounded_queue(), 36));
            assert!(report.passed() && report.schedules >= SCHEDULES, "{report}");
        });
        println!("| {name} | {rate:.0} | {:.2} |", rate / bare);
    }
}

/// Steps of one schedule: of one that is made to fail, since only those are handed out.
fn steps() -> usize {
    let report = Explore::new("steps").run(|| assert_eq!(explored::bounded_queue(), 0));
    report.schedule.unwrap().tasks.len()
}

/// Nothing but the switches: the program's threads, each with its share of them.
fn shuttle_alone(switches: usize) {
    let mut config = Config::new();
    config.stack_size = 512 << 10;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    let scheduler = shuttle_schedulers::RandomScheduler::new_from_seed(1, SCHEDULES);
    Runner::new(scheduler, config).run(move || {
        let work = move || (0..switches).for_each(|_| switch());
        let at = std::panic::Location::caller();
        for _ in 0..THREADS {
            ExecutionState::spawn_thread(Box::new(work), 512 << 10, None, None, at);
        }
        work();
    });
}

/// How many of `count` per second of the whole process's processor time.
fn rate(count: usize, work: impl FnOnce()) -> f64 {
    let before = processor_seconds();
    work();
    count as f64 / (processor_seconds() - before)
}

/// Processor time of the process in seconds: a busy machine does not count.
fn processor_seconds() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    #[expect(unsafe_code, reason = "std does not say how much processor time was used")]
    // SAFETY: the call fills the struct, of which all zeroes are valid too.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
