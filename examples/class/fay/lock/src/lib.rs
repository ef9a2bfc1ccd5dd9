// Fay, exercise 3

use std::sync::{Mutex, MutexGuard};
use std::thread;

pub struct Account {
    balance: Mutex<i64>,
}

#[allow(clippy::new_without_default)]
impl Account {
    pub fn new() -> Account {
        Account { balance: Mutex::new(0) }
    }

    pub fn change(&self, amount: i64) {
        let mut balance = self.balance.lock().unwrap();
        *balance = *balance + amount;
    }

    pub fn balance(&self) -> i64 {
        *self.balance.lock().unwrap()
    }
}

struct Pair {
    left: i64,
    right: i64,
}

pub struct Twins {
    pair: Mutex<Pair>,
}

#[allow(clippy::new_without_default)]
impl Twins {
    pub fn new() -> Twins {
        Twins { pair: Mutex::new(Pair { left: 0, right: 0 }) }
    }

    // somebody may have panicked, the pair is still good
    fn pair(&self) -> MutexGuard<'_, Pair> {
        self.pair.lock().unwrap_or_else(|e| e.into_inner())
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut pair = self.pair();
        let new = next(pair.left);
        pair.left = new;
        pair.right = new;
    }

    pub fn read(&self) -> (i64, i64) {
        let pair = self.pair();
        (pair.left, pair.right)
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
    })
}
