//! How many schedules each strategy needs for each wrong kernel, over many seeds; or, with
//! `--correct N`, whether a right kernel is convicted in N schedules.
//!
//! `cargo run --release -p interleave --example detect -- [--seeds 30] [--correct 1000000]`

#![expect(clippy::unwrap_used, reason = "a measurement stops at what it does not expect")]

#[macro_use]
extern crate interleave as std;

#[path = "../tests/kernels/mod.rs"]
#[expect(unreachable_pub, clippy::unwrap_used, reason = "shared with the tests")]
mod kernels;

use interleave::{Explore, Strategy};
use kernels::Kernel;

fn main() {
    let option = |name: &str| {
        let arguments: Vec<String> = std::env::args().collect();
        let position = arguments.iter().position(|argument| argument == name)?;
        arguments.get(position + 1)?.parse::<usize>().ok()
    };
    match option("--correct") {
        Some(schedules) => convict(schedules),
        None => detect(option("--seeds").unwrap_or(30)),
    }
}

fn convict(schedules: usize) {
    println!("| kernel | schedules | exhaustive | verdict |\n|---|---|---|---|");
    for kernel in kernels::correct::ALL {
        let explore = Explore::new(kernel.name).schedules(schedules).exhaustive_up_to(200_000);
        let report = explore.run(kernel.run);
        let exhaustive = if report.exhaustive { "all" } else { "" };
        println!("| {} | {} | {exhaustive} | {} |", kernel.name, report.schedules, report.verdict);
        for note in report.notes {
            println!("  note: {note}");
        }
    }
}

fn detect(seeds: usize) {
    let singles: Vec<Vec<Strategy>> = Strategy::ALL.iter().map(|&one| vec![one]).collect();
    print!("| kernel | verdict | portfolio: median, worst | ms |");
    singles.iter().for_each(|one| print!(" {} |", one[0]));
    println!("\n|---|---|---|---|{}", "---|".repeat(singles.len()));
    for kernel in kernels::buggy::ALL {
        let portfolio = measure(kernel, &Strategy::ALL, seeds);
        let verdict = kernel.verdict;
        print!(
            "| {} | {verdict} | {} | {:.2} |",
            kernel.name,
            portfolio.cell(),
            portfolio.milliseconds
        );
        for strategies in &singles {
            print!(" {} |", measure(kernel, strategies, seeds).cell());
        }
        println!();
    }
}

/// What it took, over all seeds.
struct Measured {
    /// Schedules to the first failure, sorted; only seeds that found it.
    firsts: Vec<usize>,
    seeds: usize,
    /// To the first failure, on average, of processor time.
    milliseconds: f64,
}

impl Measured {
    fn cell(&self) -> String {
        let missed = self.seeds - self.firsts.len();
        let Some(worst) = self.firsts.last() else { return "never".into() };
        let median = self.firsts[self.firsts.len() / 2];
        let missed = if missed > 0 { format!(", missed by {missed}") } else { String::new() };
        format!("{median}, {worst}{missed}")
    }
}

fn measure(kernel: &Kernel, strategies: &[Strategy], seeds: usize) -> Measured {
    let (mut firsts, mut seconds) = (Vec::new(), 0.0);
    for seed in 1..=seeds {
        let explore = Explore::new(kernel.name)
            .strategies(strategies)
            .schedules(5_000)
            .exhaustive_up_to(0)
            .seed(seed as u64);
        let before = processor_seconds();
        let report = explore.run(kernel.run);
        let per_schedule = (processor_seconds() - before) / report.schedules as f64;
        if report.verdict.as_str() == kernel.verdict {
            let first = report.first_failure_at.unwrap();
            seconds += per_schedule * first as f64;
            firsts.push(first);
        }
    }
    firsts.sort_unstable();
    let milliseconds = seconds * 1e3 / firsts.len().max(1) as f64;
    Measured { firsts, seeds, milliseconds }
}

/// Processor time of this thread: a busy machine does not count.
fn processor_seconds() -> f64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e9
}
