//! Dana: account and twins with Mutex

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
        *lock(&self.balance) += amount;
    }

    pub fn balance(&self) -> i64 {
        *lock(&self.balance)
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
        let mut values = lock(&self.values);
        values.0 = next(values.0);
        values.1 = values.0;
    }

    pub fn read(&self) -> (i64, i64) {
        *lock(&self.values)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    let mut handles = Vec::new();
    for _ in 0..threads {
        handles.push(thread::spawn(move || {
            for _ in 0..rounds {
                account.change(1);
                account.change(-1);
            }
        }));
    }
    for handle in handles {
        handle.join().unwrap();
    }
}
