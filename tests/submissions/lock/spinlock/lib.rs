//! Whoever finds the twins in use asks again and again.

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
pub struct Twins {
    busy: std::sync::atomic::AtomicBool,
    both: Mutex<(i64, i64)>,
}
impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { busy: Default::default(), both: Mutex::new((0, 0)) }
    }
    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        while self.busy.swap(true, std::sync::atomic::Ordering::Acquire) {
            std::thread::yield_now();
        }
        let _free = Free(&self.busy);
        let mut both = self.both.lock().unwrap_or_else(PoisonError::into_inner);
        let value = next(both.0);
        *both = (value, value);
    }
    pub fn read(&self) -> (i64, i64) {
        while self.busy.swap(true, std::sync::atomic::Ordering::Acquire) {
            std::thread::yield_now();
        }
        let _free = Free(&self.busy);
        *self.both.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
struct Free<'a>(&'a std::sync::atomic::AtomicBool);
impl Drop for Free<'_> {
    fn drop(&mut self) {
        self.0.store(false, std::sync::atomic::Ordering::Release);
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
