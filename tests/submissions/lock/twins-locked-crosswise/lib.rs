//! An account and twins.

use std::sync::{Mutex, MutexGuard};
use std::thread;

pub struct Account {
    balance: Mutex<i64>,
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { balance: Mutex::new(0) }
    }

    pub fn change(&self, amount: i64) {
        *open(&self.balance) += amount;
    }

    pub fn balance(&self) -> i64 {
        *open(&self.balance)
    }
}

pub struct Twins {
    left: Mutex<i64>,
    right: Mutex<i64>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { left: Mutex::new(0), right: Mutex::new(0) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut left = open(&self.left);
        let mut right = open(&self.right);
        let value = next(*left);
        *left = value;
        *right = value;
    }

    pub fn read(&self) -> (i64, i64) {
        let right = open(&self.right);
        let left = open(&self.left);
        (*left, *right)
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..rounds {
                    account.change(1);
                    account.change(-1);
                }
            });
        }
    });
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
