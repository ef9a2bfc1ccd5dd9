//! Every wrong kernel is found, every right one passes: a short version of the measurements
//! in docs/exploration-kernels.md.

#[macro_use]
extern crate interleave as std;

#[expect(unreachable_pub, clippy::unwrap_used, reason = "shared with the measurements")]
mod kernels;

use interleave::{Explore, Report};
use kernels::Kernel;

/// Not the `#[test]` of the look-alike: these tests explore by themselves.
use ::core::prelude::v1::test;

fn explore(kernel: &Kernel, seed: u64) -> Report {
    Explore::new(kernel.name).seed(seed).schedules(5_000).exhaustive_up_to(0).run(kernel.run)
}

#[test]
fn every_wrong_kernel_is_found_for_every_seed() {
    let mut missed = Vec::new();
    for kernel in kernels::buggy::ALL {
        for seed in 1..=2 {
            let report = explore(kernel, seed);
            if report.verdict.as_str() != kernel.verdict {
                missed.push(format!("{} (seed {seed}): {report}", kernel.name));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn no_right_kernel_is_convicted() {
    for kernel in kernels::correct::ALL {
        let report =
            Explore::new(kernel.name).schedules(1_000).exhaustive_up_to(2_000).run(kernel.run);
        assert!(report.passed(), "{}\n{report}", kernel.name);
    }
}

#[test]
fn every_failure_can_be_run_again_from_its_schedule() {
    for kernel in kernels::buggy::ALL {
        let found = explore(kernel, 1);
        let schedule = found.schedule.clone().expect("a failure has a schedule");
        let again = Explore::new(kernel.name).replay(schedule).run(kernel.run);
        assert_eq!(
            again.message,
            found.message.split("; only when").next().unwrap(),
            "{}",
            kernel.name
        );
        assert!(!again.passed(), "{}", kernel.name);
    }
}

/// Gives the first lock back when it cannot have the second, and so may try for ever.
fn take_both(first: &std::sync::Mutex<u32>, second: &std::sync::Mutex<u32>) {
    loop {
        let mut first = first.lock().expect("nobody panics");
        if let Ok(mut second) = second.try_lock() {
            *first += 1;
            *second += 1;
            return;
        }
    }
}

#[test]
fn the_search_through_all_schedules_is_bounded_where_threads_try_again() {
    let explore = Explore::new("take_both").schedules(10).exhaustive_up_to(10_000).steps(100_000);
    let report = explore.run(|| {
        let locks = std::sync::Arc::new([std::sync::Mutex::new(0), std::sync::Mutex::new(0)]);
        let other = std::sync::Arc::clone(&locks);
        let thread = std::thread::spawn(move || take_both(&other[1], &other[0]));
        take_both(&locks[0], &locks[1]);
        thread.join().unwrap();
    });
    assert!(report.passed(), "{report}");
    assert!(!report.exhaustive && report.schedules < 10_000, "{report}");
}
