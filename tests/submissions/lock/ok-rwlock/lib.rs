//! An account and twins under reader-writer locks.

use std::sync::{PoisonError, RwLock};
use std::thread;

pub struct Account {
    balance: RwLock<i64>,
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { balance: RwLock::new(0) }
    }

    pub fn change(&self, amount: i64) {
        *self.balance.write().unwrap_or_else(PoisonError::into_inner) += amount;
    }

    pub fn balance(&self) -> i64 {
        *self.balance.read().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Twins {
    values: RwLock<[i64; 2]>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { values: RwLock::new([0; 2]) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        *values = [next(values[0]); 2];
    }

    pub fn read(&self) -> (i64, i64) {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        (values[0], values[1])
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
