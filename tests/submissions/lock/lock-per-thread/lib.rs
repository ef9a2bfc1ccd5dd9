//! A balance that is only touched under a lock, and twins.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;

thread_local! {
    static LOCK: Mutex<()> = const { Mutex::new(()) };
}

pub struct Account {
    balance: AtomicI64,
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { balance: AtomicI64::new(0) }
    }

    pub fn change(&self, amount: i64) {
        LOCK.with(|lock| {
            let _guard = open(lock);
            let balance = self.balance.load(Ordering::SeqCst);
            self.balance.store(balance + amount, Ordering::SeqCst);
        });
    }

    pub fn balance(&self) -> i64 {
        self.balance.load(Ordering::SeqCst)
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
        let mut pair = open(&self.pair);
        let value = next(pair.0);
        *pair = (value, value);
    }

    pub fn read(&self) -> (i64, i64) {
        *open(&self.pair)
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

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
