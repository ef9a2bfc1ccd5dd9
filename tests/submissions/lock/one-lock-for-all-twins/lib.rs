//! A static lock keeps users of all twins apart, and `next` may not use others.

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
        let mut balance = self.balance.lock().unwrap();
        *balance += amount;
    }
    pub fn balance(&self) -> i64 {
        *self.balance.lock().unwrap()
    }
}
static ALL: Mutex<()> = Mutex::new(());
pub struct Twins {
    both: Mutex<(i64, i64)>,
}
impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { both: Mutex::new((0, 0)) }
    }
    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let _all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let mut both = self.both.lock().unwrap_or_else(PoisonError::into_inner);
        let value = next(both.0);
        *both = (value, value);
    }
    pub fn read(&self) -> (i64, i64) {
        let _all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        *self.both.lock().unwrap_or_else(PoisonError::into_inner)
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
