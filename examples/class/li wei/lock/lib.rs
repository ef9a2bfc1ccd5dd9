// 账户用原子变量，两个值用锁

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

pub struct Account {
    balance: AtomicI64,
}

impl Account {
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
}

impl Twins {
    pub fn new() -> Twins {
        Twins { values: Mutex::new((0, 0)) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut values = self.values.lock().unwrap_or_else(|e| e.into_inner());
        let value = next(values.0);
        *values = (value, value);
    }

    pub fn read(&self) -> (i64, i64) {
        *self.values.lock().unwrap_or_else(|e| e.into_inner())
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                (0..rounds).for_each(|_| {
                    account.change(1);
                    account.change(-1);
                })
            });
        }
    });
}
