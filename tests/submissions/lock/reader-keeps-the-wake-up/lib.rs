use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex};
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

struct Inner {
    in_use: bool,
    left: i64,
    right: i64,
}

pub struct Twins {
    inner: Mutex<Inner>,
    free: Condvar,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        let inner = Inner { in_use: false, left: 0, right: 0 };
        Twins { inner: Mutex::new(inner), free: Condvar::new() }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut inner =
            self.free.wait_while(self.inner.lock().unwrap(), |inner| inner.in_use).unwrap();
        inner.in_use = true;
        let old = inner.left;
        drop(inner);

        let result = catch_unwind(AssertUnwindSafe(|| next(old)));

        let mut inner = self.inner.lock().unwrap();
        if let Ok(value) = &result {
            inner.left = *value;
            inner.right = *value;
        }
        inner.in_use = false;
        drop(inner);
        self.free.notify_one();
        if let Err(payload) = result {
            resume_unwind(payload);
        }
    }

    pub fn read(&self) -> (i64, i64) {
        let inner = self.free.wait_while(self.inner.lock().unwrap(), |inner| inner.in_use).unwrap();
        (inner.left, inner.right)
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
