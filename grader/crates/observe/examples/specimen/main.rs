//! Programs with known behaviour, for the tests of the observer.
//!
//! `specimen <name>` behaves as the name says and prints as little as it can.

#![allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what students write, and what goes wrong with it"
)]

mod correct;
mod processes;
mod stuck_processes;
mod stuck_threads;
mod system;
mod threads;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let known =
        [processes::ALL, threads::ALL, stuck_threads::ALL, stuck_processes::ALL, correct::ALL];
    match known.concat().iter().find(|(known, _)| *known == name) {
        Some((_, behave)) => behave(),
        None => {
            for (name, _) in known.concat() {
                println!("{name}");
            }
        }
    }
}
