//! An account and twins, each under a lock.

use std::sync::{Mutex, MutexGuard};

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
    pair: Mutex<(i64, i64)>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { pair: Mutex::new((0, 0)) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut pair = open(&self.pair);
        let value = next(pair.0);
        *pair = (value, value);
    }

    pub fn read(&self) -> (i64, i64) {
        *open(&self.pair)
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    for _thread in 0..threads {
        for _round in 0..rounds {
            account.change(1);
            account.change(-1);
        }
    }
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
