//! An account, and twins that cannot differ since they are one number.

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
    both: Mutex<i64>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { both: Mutex::new(0) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut both = open(&self.both);
        *both = next(*both);
    }

    pub fn read(&self) -> (i64, i64) {
        let both = *open(&self.both);
        (both, both)
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    for _ in 0..threads {
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                for _ in 0..rounds {
                    account.change(1);
                    account.change(-1);
                }
            });
            thread.join().unwrap();
        });
    }
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
