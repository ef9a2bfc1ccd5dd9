//! What the bank promises under every schedule.
//!
//! `src/lib.rs` is compiled a second time here, unchanged, against a look-alike of
//! std. Each test below runs again and again, and each time the threads take their
//! steps in another order: not luck decides which orders are tried.

#[macro_use]
extern crate interleave as std;

#[path = "../src/lib.rs"]
mod student;

// `crate::` in the student's file means this file.
#[allow(unused_imports)]
pub use student::*;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use student::{Bank, NotEnough};

/// How long a transfer is in `book`. Time is virtual: it passes once everybody waits.
const WHILE: Duration = Duration::from_micros(20);

/// Moves 1 from `from` to `to` in a thread of its own.
fn mover(bank: &Arc<Bank>, from: usize, to: usize) -> JoinHandle<Result<(), NotEnough>> {
    let bank = Arc::clone(bank);
    thread::spawn(move || bank.transfer(from, to, 1, || ()))
}

#[test]
fn no_schedule_deadlocks_two_transfers() {
    // Between accounts that are no neighbours, and with more accounts than these two.
    let bank = Arc::new(Bank::new(&[10; 4]));
    let there = mover(&bank, 0, 2);
    let seen = bank.balance(0);
    assert!([10, 9].contains(&seen), "1 has gone from 10, or not yet: saw {seen}");
    // What is booked at another bank, under the same numbers, has nothing to do with this one.
    let another = Bank::new(&[10, 10]);
    let elsewhere = || assert_eq!(another.transfer(1, 0, 1, || ()), Ok(()), "there is enough");
    let back = bank.transfer(2, 0, 3, elsewhere);
    assert_eq!((there.join().unwrap(), back), (Ok(()), Ok(())), "there is enough for both");
    assert_eq!((bank.balance(0), bank.balance(2)), (12, 8), "1 went there, 3 came back");
}

#[test]
fn no_schedule_deadlocks_a_ring_of_three() {
    let bank = Arc::new(Bank::new(&[10, 10, 10]));
    let movers = [mover(&bank, 0, 1), mover(&bank, 1, 2)];
    let last = bank.transfer(2, 0, 1, || ());
    let moved = movers.map(|mover| mover.join().unwrap());
    assert_eq!((moved, last), ([Ok(()); 2], Ok(())), "there is enough for all");
    assert_eq!(bank.total(), 30, "money only moves");
}

#[test]
fn no_schedule_shows_another_total() {
    let bank = Arc::new(Bank::new(&[10, 10, 10]));
    let other = Arc::clone(&bank);
    let moving = thread::spawn(move || {
        // What is added up at another bank meanwhile has nothing to do with who adds up here.
        let another = Bank::new(&[10]);
        let book = || assert_eq!(another.total(), 10, "nothing moves at another bank");
        // The same to and fro, so that whoever adds up twice can be wrong twice alike.
        [(2, 0), (0, 2), (2, 0)].map(|(from, to)| other.transfer(from, to, 4, book))
    });
    assert_eq!(bank.total(), 30, "money on its way counts once");
    assert_eq!(moving.join().unwrap(), [Ok(()); 3], "there is enough for all");
    // Two add up at once, and the numbers of the accounts have one digit or two.
    let bank = Arc::new(Bank::new(&[10; 11]));
    let there = mover(&bank, 10, 2);
    let other = Arc::clone(&bank);
    let auditor = thread::spawn(move || other.total());
    let totals = (bank.total(), auditor.join().unwrap());
    assert_eq!(totals, (110, 110), "whoever adds up, money on its way counts once");
    assert_eq!(there.join().unwrap(), Ok(()), "there is enough");
}

#[test]
fn no_schedule_spends_money_twice() {
    let bank = Arc::new(Bank::new(&[10, 0, 0]));
    let other = Arc::clone(&bank);
    let thread = thread::spawn(move || other.transfer(0, 1, 7, || ()).is_ok());
    let here = bank.transfer(0, 2, 7, || ()).is_ok();
    let there = thread.join().unwrap();
    assert_eq!(usize::from(here) + usize::from(there), 1, "10 is enough for one transfer of 7");
    assert_eq!(bank.total(), 10, "money only moves");
}

#[test]
fn no_schedule_lets_two_transfers_into_one_account() {
    // From one account; to one account, upwards and downwards; out of what the other goes to, in both
    // ways; and within one account.
    let pairs = [
        ((1, 0), (1, 2)),
        ((0, 2), (1, 2)),
        ((2, 0), (1, 0)),
        ((0, 1), (1, 2)),
        ((2, 1), (1, 0)),
        ((1, 1), (1, 2)),
    ];
    for (there, here) in pairs {
        let bank = Arc::new(Bank::new(&[10, 10, 10]));
        let most = most_inside(&bank, 1, there, here);
        assert_eq!(most, 1, "transfers {there:?} and {here:?} have an account in common");
    }
    // A third has one account of the first, which waits for it; meanwhile the second takes the other.
    for (third, there, here) in [((1, 2), (0, 2), (0, 3)), ((1, 0), (0, 2), (3, 2))] {
        let bank = Arc::new(Bank::new(&[10, 10, 10, 10]));
        let other = Arc::clone(&bank);
        let book = || thread::sleep(WHILE / 2);
        let third = thread::spawn(move || other.transfer(third.0, third.1, 1, book));
        let most = most_inside(&bank, 1, there, here);
        assert_eq!(most, 1, "transfers {there:?} and {here:?} have an account in common");
        assert_eq!(third.join().unwrap(), Ok(()), "there is enough for the third");
    }
    let bank = Arc::new(Bank::new(&[10, 10, 10]));
    let most = most_inside(&bank, 0, (1, 0), (1, 2));
    assert_ne!(most, 2, "transfers from one account have it in common if they move nothing");
}

/// How many of two transfers of `amount`, which each go from an account to an account, were in
/// `book` at once.
fn most_inside(
    bank: &Arc<Bank>,
    amount: u64,
    there: (usize, usize),
    here: (usize, usize),
) -> usize {
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let book = {
        let (inside, most) = (Arc::clone(&inside), Arc::clone(&most));
        move || {
            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(WHILE);
            inside.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let (other, book_there) = (Arc::clone(bank), book.clone());
    let thread = thread::spawn(move || other.transfer(there.0, there.1, amount, book_there));
    let here = bank.transfer(here.0, here.1, amount, book);
    assert_eq!((thread.join().unwrap(), here), (Ok(()), Ok(())), "there is enough for both");
    most.load(Ordering::SeqCst)
}

#[test]
fn a_transfer_to_the_same_account_changes_nothing() {
    let bank = Arc::new(Bank::new(&[10, 10]));
    let booked = AtomicUsize::new(0);
    let book = || {
        booked.fetch_add(1, Ordering::SeqCst);
    };
    let other = Arc::clone(&bank);
    let looking = thread::spawn(move || other.balance(1));
    assert_eq!(bank.transfer(1, 1, 4, book), Ok(()), "there is enough");
    assert_eq!((bank.balance(0), bank.balance(1)), (10, 10), "nothing moves");
    assert_eq!(looking.join().unwrap(), 10, "whoever looks meanwhile");
    assert_eq!(bank.transfer(1, 1, 11, book), Err(NotEnough), "there is not enough");
    assert_eq!(booked.load(Ordering::SeqCst), 1, "the first transfer is booked, once");
    assert_eq!(bank.transfer(1, 1, 10, book), Ok(()), "all there is is enough");
    assert_eq!(booked.load(Ordering::SeqCst), 2, "the third transfer is booked, once");
}

#[test]
fn a_refused_transfer_changes_nothing() {
    let bank = Bank::new(&[10, 20]);
    let booked = AtomicUsize::new(0);
    let book = || {
        booked.fetch_add(1, Ordering::SeqCst);
    };
    assert_eq!(bank.transfer(0, 1, 11, book), Err(NotEnough), "there is not enough");
    assert_eq!((bank.balance(0), bank.balance(1)), (10, 20), "nothing moves");
    assert_eq!(booked.load(Ordering::SeqCst), 0, "what is refused is not booked");
    assert_eq!(bank.transfer(0, 1, 10, book), Ok(()), "all there is is enough");
    assert_eq!((bank.balance(0), bank.balance(1)), (0, 30), "10 moved");
    assert_eq!(booked.load(Ordering::SeqCst), 1, "the second transfer is booked, once");
    assert_eq!(bank.transfer(0, 1, 0, book), Ok(()), "nothing is there, and enough for nothing");
    assert_eq!(booked.load(Ordering::SeqCst), 2, "a transfer of nothing is booked, too");
    for amount in [1 << 32, u64::MAX] {
        assert_eq!(bank.transfer(1, 0, amount, book), Err(NotEnough), "there is far from enough");
    }
    assert_eq!((bank.balance(0), bank.balance(1)), (0, 30), "nothing moves");
    let rich = Bank::new(&[u64::MAX, 0]);
    assert_eq!(rich.transfer(0, 1, u64::MAX, book), Ok(()), "all there is is enough");
    assert_eq!((rich.balance(0), rich.balance(1)), (0, u64::MAX), "all of it moved");
    assert_eq!(Bank::new(&[]).total(), 0, "a bank without accounts has no money");
    // An account in use is no reason to refuse, though another that waits for it, too, is refused.
    // Time is virtual, and passes once the others wait.
    let bank = Arc::new(Bank::new(&[10, 10, 0]));
    let other = Arc::clone(&bank);
    let slowly = || thread::sleep(Duration::from_millis(12));
    let there = thread::spawn(move || other.transfer(0, 2, 4, slowly));
    let other = Arc::clone(&bank);
    let poor = thread::spawn(move || other.transfer(1, 2, 16, || ()));
    let here = bank.transfer(1, 2, 5, || ());
    assert_eq!((there.join().unwrap(), here), (Ok(()), Ok(())), "there is enough for both");
    assert_eq!(poor.join().unwrap(), Err(NotEnough), "there are 10 at most");
    // 6 and 5 are left, and 9 have come.
    let other = Arc::clone(&bank);
    let there = thread::spawn(move || (other.balance(0), other.transfer(2, 0, 1, || ())));
    assert_eq!(bank.transfer(0, 1, 8, || ()), Err(NotEnough), "there are 6, or 7");
    assert_eq!(there.join().unwrap(), (6, Ok(())), "whoever looks or waits meanwhile");
}
