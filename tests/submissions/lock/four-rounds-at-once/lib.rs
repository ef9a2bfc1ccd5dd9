use std::sync::{Mutex, PoisonError};
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
    values: Mutex<(i64, i64)>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { values: Mutex::new((0, 0)) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut guard = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let value = next(guard.0);
        *guard = (value, value);
    }

    pub fn read(&self) -> (i64, i64) {
        *self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const UNROLL: usize = 4;

fn work(account: &Account, rounds: usize) {
    for _ in 0..rounds / UNROLL {
        account.change(1);
        account.change(1);
        account.change(1);
        account.change(1);
        account.change(-1);
        account.change(-1);
        account.change(-1);
        account.change(-1);
    }
    for _ in 0..rounds % UNROLL {
        account.change(1);
        account.change(-1);
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(|| work(account, rounds));
        }
    });
}
