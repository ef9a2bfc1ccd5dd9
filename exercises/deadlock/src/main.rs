//! Threads move money to and fro between the accounts of one bank, while an auditor counts it.
//!
//!     cargo run -p deadlock -- --accounts 4 --threads 4 --rounds 1000 --pairs 2
//!
//! At the end, `--pairs` transfers that have no account in common wait for one another
//! inside `book`, and one more waits for the accounts of the first. They can meet if none of them
//! shuts out another.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use deadlock::Bank;
use stage::{Arguments, Arrivals, Meeting, event};

/// What is in each account at first.
const BALANCE: u64 = 100;

/// What arrivals and meetings are told by.
const PIPE: &str = "a pipe of our own";

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["accounts", "threads", "rounds", "seed", "pairs"]);
    let accounts = arguments.get("accounts", 4);
    let threads = arguments.get("threads", 4);
    let rounds = arguments.get("rounds", 1000);
    let seed = arguments.get("seed", 1);
    let pairs = arguments.get("pairs", 2);

    let bank = Bank::new(&vec![BALANCE; accounts]);
    let expected = BALANCE * accounts as u64;
    let different = move_to_and_fro(&bank, accounts, threads, rounds, seed, expected);
    event("main", format_args!("total={} different={different}", bank.total()));
    meet_in_pairs(pairs)
}

/// Transfers between random accounts in `threads` threads, `rounds` in each; returns how
/// often an auditor saw another total than `expected`.
fn move_to_and_fro(
    bank: &Bank,
    accounts: usize,
    threads: u64,
    rounds: usize,
    seed: u64,
    expected: u64,
) -> usize {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let auditor = scope.spawn(|| {
            let mut different = 0;
            while !done.load(Ordering::Relaxed) {
                different += usize::from(bank.total() != expected);
            }
            different
        });
        let start = |number| {
            scope.spawn(move || {
                let mut random = seed * 1000 + number;
                for _ in 0..rounds {
                    let from = next(&mut random) as usize % accounts;
                    let to = next(&mut random) as usize % accounts;
                    let amount = next(&mut random) % BALANCE;
                    // A refusal is as good: what counts is that nothing is lost.
                    let _ = bank.transfer(from, to, amount, || ());
                }
            })
        };
        let movers: Vec<_> = (1..=threads).map(start).collect();
        let ended = movers.into_iter().all(|mover| mover.join().is_ok());
        done.store(true, Ordering::Relaxed);
        assert!(ended, "a thread that moved money panicked");
        auditor.join().expect("the auditor only counts")
    })
}

/// One transfer in each of `pairs` threads: from 0 to 1, from 2 to 3, and so on.
///
/// While the first is under way somebody else wants its two accounts, and waits. Where the second
/// wants to go another transfer is still under way, and ends when it waits, too.
fn meet_in_pairs(pairs: u8) -> io::Result<()> {
    let bank = &Bank::new(&vec![BALANCE; 2 * usize::from(pairs)]);
    let meeting = &Meeting::new(pairs)?;
    let arrivals = &Arrivals::new()?;
    thread::scope(|scope| {
        let start = |pair| {
            scope.spawn(move || {
                arrivals.arrive().expect(PIPE);
                move_in_pair(bank, pair, meeting);
            });
        };
        // Likely, and nothing depends on it: they are inside, or wait.
        let rest = || arrivals.until_next_sleeps().expect(PIPE);
        if pairs > 0 {
            start(0);
            rest();
            scope.spawn(|| {
                arrivals.arrive().expect(PIPE);
                bank.transfer(1, 0, 1, || ())
            });
            rest();
        }
        if pairs > 1 {
            let in_the_way = || {
                start(1);
                rest();
            };
            bank.transfer(3, 2, 1, in_the_way).expect("there is enough");
        }
        (2..pairs).for_each(start);
    });
    Ok(())
}

/// One transfer between the accounts of this pair, which meets those of the other pairs.
fn move_in_pair(bank: &Bank, pair: u8, meeting: &Meeting) {
    let who = format!("pair-{pair}");
    let from = 2 * usize::from(pair);
    let moved = bank.transfer(from, from + 1, 1, || {
        event(&who, "enter");
        meeting.meet().expect(PIPE);
        event(&who, "leave");
    });
    event(&who, if moved.is_ok() { "moved" } else { "refused" });
}

/// The next of a row of numbers that look random (xorshift, Marsaglia 2003).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    // The upper bits are the better ones.
    *state >> 32
}
