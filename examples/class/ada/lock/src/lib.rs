//! Locked account and twins.

use std::sync::{Mutex, PoisonError};
use std::thread;

#[derive(Default)]
pub struct Account(Mutex<i64>);

impl Account {
    pub fn new() -> Account {
        Account::default()
    }

    pub fn change(&self, amount: i64) {
        with(&self.0, |balance| *balance += amount);
    }

    pub fn balance(&self) -> i64 {
        with(&self.0, |balance| *balance)
    }
}

#[derive(Default)]
pub struct Twins(Mutex<[i64; 2]>);

impl Twins {
    pub fn new() -> Twins {
        Twins::default()
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        // if next panics, the assignment never happens
        with(&self.0, |both| *both = [next(both[0]); 2]);
    }

    pub fn read(&self) -> (i64, i64) {
        with(&self.0, |both| (both[0], both[1]))
    }
}

/// Runs `body` inside of the lock. Poison is ignored: nothing is ever half written here.
fn with<T, R>(mutex: &Mutex<T>, body: impl FnOnce(&mut T) -> R) -> R {
    body(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    thread::scope(|s| {
        let handles: Vec<_> = (0..threads).map(|_| s.spawn(|| back_and_forth(account, rounds))).collect();
        for handle in handles {
            handle.join().unwrap();
        }
    });
}

fn back_and_forth(account: &Account, rounds: usize) {
    for _ in 0..rounds {
        account.change(1);
        account.change(-1);
    }
}
