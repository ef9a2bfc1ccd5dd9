use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
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
        self.balance.fetch_add(amount, Ordering::SeqCst);
    }

    pub fn balance(&self) -> i64 {
        self.balance.load(Ordering::SeqCst)
    }
}

pub struct Twins {
    values: Mutex<(i64, i64)>,
    // what readers get while an update is under way: one number, since both are equal
    before: AtomicI64,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { values: Mutex::new((0, 0)), before: AtomicI64::new(0) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let value = {
            let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
            let value = next(values.0);
            *values = (value, value);
            value
        };
        self.before.store(value, Ordering::SeqCst);
    }

    pub fn read(&self) -> (i64, i64) {
        match self.values.try_lock() {
            Ok(values) => *values,
            Err(TryLockError::Poisoned(poisoned)) => *poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let value = self.before.load(Ordering::SeqCst);
                (value, value)
            }
        }
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
