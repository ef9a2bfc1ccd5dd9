//! How often each wrong kernel fails when it simply runs, with the real std.
//!
//! `cargo run --release -p interleave --example native -- [runs]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints, and stops at surprises"
)]

#[path = "../tests/kernels/mod.rs"]
#[expect(unreachable_pub, clippy::unwrap_used, dead_code, reason = "shared with the tests")]
mod kernels;

use std::io::{BufRead, BufReader, Write};
use std::panic::catch_unwind;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use kernels::Kernel;

/// A run that shows no end for this long hangs.
const HANG: Duration = Duration::from_secs(2);

/// After so many hangs in a row, it always does.
const ALWAYS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--kernel") => run(&arguments[2], arguments[3].parse().unwrap()),
        runs => {
            let runs = runs.map_or(1_000, |runs| runs.parse().unwrap());
            println!("| kernel | failures in {runs} native runs |\n|---|---|");
            for kernel in kernels::buggy::ALL {
                println!("| {} | {} |", kernel.name, failures(kernel, runs));
            }
        }
    }
}

/// In a process of its own: one line per run.
fn run(name: &str, runs: usize) {
    let kernel = kernels::buggy::ALL.iter().find(|kernel| kernel.name == name).unwrap();
    std::panic::set_hook(Box::new(|_| ()));
    let mut out = std::io::stdout();
    for _ in 0..runs {
        let word = if catch_unwind(kernel.run).is_ok() { "ok" } else { "failed" };
        writeln!(out, "{word}").unwrap();
    }
}

fn failures(kernel: &Kernel, runs: usize) -> String {
    let (mut done, mut failed, mut hangs) = (0, 0, 0);
    while done < runs {
        let before = done;
        failed += batch(kernel, runs - before, &mut done);
        if done == before {
            hangs += 1;
        } else {
            hangs = 0;
        }
        if done < runs {
            // The run after the last one that ended hangs.
            done += 1;
            failed += 1;
        }
        if hangs == ALWAYS && done == ALWAYS {
            return "hangs always".into();
        }
    }
    failed.to_string()
}

/// Runs until the end or the first hang; returns how many failed.
fn batch(kernel: &Kernel, runs: usize, done: &mut usize) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--kernel", kernel.name, &runs.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (lines, words) = channel();
    let stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    let mut failed = 0;
    loop {
        match words.recv_timeout(HANG) {
            Ok(word) => {
                *done += 1;
                failed += usize::from(word == "failed");
            }
            Err(RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                break;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    child.wait().unwrap();
    reader.join().unwrap();
    failed
}
