//! An account that many threads change, and two values that never differ.

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

    fn set_balance(&self, balance: i64) {
        *self.balance.lock().unwrap() = balance;
    }

    pub fn change(&self, amount: i64) {
        self.set_balance(self.balance() + amount);
    }

    pub fn balance(&self) -> i64 {
        *self.balance.lock().unwrap()
    }
}

pub struct Twins {
    castor_and_pollux: Mutex<(i64, i64)>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { castor_and_pollux: Mutex::new((0, 0)) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut guard = match self.castor_and_pollux.lock() {
            Ok(guard) => guard,
            Err(poisoned) => poisoned.into_inner(),
        };
        let new = next(guard.0);
        *guard = (new, new);
    }

    pub fn read(&self) -> (i64, i64) {
        let guard = self.castor_and_pollux.lock().unwrap_or_else(PoisonError::into_inner);
        (guard.0, guard.1)
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    let work = || {
        for _ in 0..rounds {
            account.change(1);
            account.change(-1);
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
}
