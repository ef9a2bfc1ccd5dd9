use std::sync::{Mutex, MutexGuard, PoisonError};
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

struct Values {
    left: i64,
    right: i64,
}

pub struct Twins {
    values: Mutex<Values>,
}

// Puts the old values back if a panic comes through.
struct Rollback<'a> {
    values: MutexGuard<'a, Values>,
    old: i64,
}

impl Drop for Rollback<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.values.left = self.old;
            self.values.right = self.old;
        }
    }
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { values: Mutex::new(Values { left: 0, right: 0 }) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let old = values.left;
        let mut rollback = Rollback { values, old };
        rollback.values.left = next(old);
        rollback.values.right = rollback.values.left;
    }

    pub fn read(&self) -> (i64, i64) {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        (values.left, values.right)
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
