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
