//! An account that threads share, and twins.

use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// Threads can hold on to the balance for as long as they run.
pub struct Account {
    balance: Arc<Mutex<i64>>,
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { balance: Arc::new(Mutex::new(0)) }
    }

    pub fn change(&self, amount: i64) {
        add(&self.balance, amount);
    }

    pub fn balance(&self) -> i64 {
        *open(&self.balance)
    }
}

fn add(balance: &Mutex<i64>, amount: i64) {
    *open(balance) += amount;
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
    for _ in 0..threads {
        let balance = Arc::clone(&account.balance);
        thread::spawn(move || {
            for _ in 0..rounds {
                add(&balance, 1);
                add(&balance, -1);
            }
        });
    }
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
