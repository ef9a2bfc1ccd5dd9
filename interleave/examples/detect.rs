//! How many schedules each strategy needs for each wrong kernel, over many seeds; or, with
//! `--correct N`, whether a right kernel is convicted in N schedules.
//!
//! `cargo run --release -p interleave --example detect -- [--seeds 30] [--correct 1000000] [--only NAME]`

#![expect(clippy::unwrap_used, reason = "a measurement stops at what it does not expect")]

#[macro_use]
extern crate interleave as std;

#[path = "../tests/kernels/mod.rs"]
#[expect(unreachable_pub, clippy::unwrap_used, reason = "shared with the tests")]
mod kernels;

use interleave::{Explore, Strategy};
use kernels::Kernel;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let position = arguments.iter().position(|argument| argument == name)?;
        arguments.get(position + 1).cloned()
    };
    let number = |name: &str| option(name).and_then(|text| text.parse::<usize>().ok());
    let only = option("--only").unwrap_or_default();
    if let [_, flag, name, schedules, seed] = &arguments[..]
        && flag == "--part"
    {
        return one_part(name, schedules, seed);
    }
    match number("--correct") {
        Some(schedules) => convict(schedules, &only),
        None => detect(number("--seeds").unwrap_or(30), &only),
    }
}

/// The kernels whose name contains `only`.
fn chosen<'a>(kernels: &'a [Kernel], only: &'a str) -> impl Iterator<Item = &'a Kernel> {
    kernels.iter().filter(move |kernel| kernel.name.contains(only))
}

/// Prints what came of at least `schedules` schedules of each kernel, or of all there are.
fn convict(schedules: usize, only: &str) {
    println!("| kernel | schedules | exhaustive | verdict |\n|---|---|---|---|");
    for kernel in chosen(kernels::correct::ALL, only) {
        let (mut tried, mut seed) = (0, 0);
        let (exhaustive, verdict) = loop {
            seed += 1;
            let part = part(kernel, schedules - tried, seed);
            tried += part.0;
            if part.1 || part.2 != "pass" || tried >= schedules {
                break (part.1, part.2);
            }
        };
        let exhaustive = if exhaustive { "all" } else { "" };
        println!("| `{}` | {tried} | {exhaustive} | {verdict} |", kernel.name);
    }
}

/// Explores a right kernel in a process of its own, since threads that never end cost their
/// stacks: how many schedules, whether that is all of them, and the verdict.
fn part(kernel: &Kernel, schedules: usize, seed: usize) -> (usize, bool, String) {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--part", kernel.name, &schedules.to_string(), &seed.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    let [schedules, exhaustive, verdict] = words[..] else { panic!("no report: {text}") };
    (schedules.parse().unwrap(), exhaustive == "true", verdict.to_owned())
}

fn one_part(name: &str, schedules: &str, seed: &str) {
    let kernel = kernels::correct::ALL.iter().find(|kernel| kernel.name == name).unwrap();
    let explore = Explore::new(name)
        .schedules(schedules.parse().unwrap())
        .seed(seed.parse().unwrap())
        .exhaustive_up_to(200_000);
    let report = explore.run(kernel.run);
    println!("{} {} {}", report.schedules, report.exhaustive, report.verdict);
}

fn detect(seeds: usize, only: &str) {
    let singles: Vec<Vec<Strategy>> = Strategy::ALL.iter().map(|&one| vec![one]).collect();
    print!("| kernel | verdict | portfolio | ms |");
    singles.iter().for_each(|one| print!(" {} |", one[0]));
    println!("\n|---|---|---|---|{}", "---|".repeat(singles.len()));
    for kernel in chosen(kernels::buggy::ALL, only) {
        let portfolio = measure(kernel, &Strategy::ALL, seeds);
        let verdict = kernel.verdict;
        print!(
            "| `{}` | {verdict} | {} | {:.2} |",
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
