//! An atomic balance, and twins under one lock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

pub struct Account {
    balance: AtomicI64,
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { balance: AtomicI64::new(0) }
    }

    pub fn change(&self, amount: i64) {
        let old = self.balance.load(Ordering::SeqCst);
        let swap = |old: i64| {
            self.balance.compare_exchange(old, old + amount, Ordering::SeqCst, Ordering::SeqCst)
        };
        if let Err(now) = swap(old) {
            // somebody was faster, again with the new value
            let _ = swap(now);
        }
    }

    pub fn balance(&self) -> i64 {
        self.balance.load(Ordering::SeqCst)
    }
}

pub struct Twins {
    values: Mutex<(i64, i64)>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { values: Mutex::new((0, 0)) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let value = next(values.0);
        *values = (value, value);
    }

    pub fn read(&self) -> (i64, i64) {
        *self.values.lock().unwrap_or_else(PoisonError::into_inner)
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
