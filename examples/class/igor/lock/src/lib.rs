use std::sync::{Arc, Mutex};
use std::thread;

pub struct Account {
    balance: Arc<Mutex<i64>>,
}

impl Account {
    pub fn new() -> Account {
        Account { balance: Arc::new(Mutex::new(0)) }
    }
    pub fn change(&self, amount: i64) {
        *self.balance.lock().unwrap() += amount;
    }
    pub fn balance(&self) -> i64 {
        *self.balance.lock().unwrap()
    }
}

pub struct Twins {
    v: Mutex<(i64, i64)>,
}

impl Twins {
    pub fn new() -> Twins {
        Twins { v: Mutex::new((0, 0)) }
    }
    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut v = self.v.lock().unwrap();
        let n = next(v.0);
        v.0 = n;
        v.1 = n;
    }
    pub fn read(&self) -> (i64, i64) {
        *self.v.lock().unwrap()
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    let mut ts = vec![];
    for _ in 0..threads {
        let balance = account.balance.clone();
        ts.push(thread::spawn(move || {
            for _ in 0..rounds {
                *balance.lock().unwrap() += 1;
                *balance.lock().unwrap() -= 1;
            }
        }));
    }
    for t in ts {
        t.join().unwrap();
    }
}
