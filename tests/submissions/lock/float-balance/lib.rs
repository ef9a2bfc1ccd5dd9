use std::sync::{Mutex, PoisonError};
use std::thread;

pub struct Account {
    balance: Mutex<f64>,
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { balance: Mutex::new(0.0) }
    }

    pub fn change(&self, amount: i64) {
        let mut balance = self.balance.lock().unwrap();
        *balance += amount as f64;
    }

    pub fn balance(&self) -> i64 {
        self.balance.lock().unwrap().round() as i64
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
        values.0 = value;
        values.1 = value;
    }

    pub fn read(&self) -> (i64, i64) {
        *self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(|| {
                for _ in 0..rounds {
                    account.change(1);
                    account.change(-1);
                }
            });
        }
    });
}
