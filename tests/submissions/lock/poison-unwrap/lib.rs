//! An account and twins, each under a lock.

use std::sync::Mutex;
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
        *self.balance.lock().unwrap() += amount;
    }

    pub fn balance(&self) -> i64 {
        *self.balance.lock().unwrap()
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
        let mut pair = self.pair.lock().unwrap();
        let value = next(pair.0);
        *pair = (value, value);
    }

    pub fn read(&self) -> (i64, i64) {
        *self.pair.lock().unwrap()
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
