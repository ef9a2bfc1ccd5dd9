use std::sync::Mutex;
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

pub struct Twins {
    values: Mutex<(i64, i64)>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { values: Mutex::new((0, 0)) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let before = self.values.lock().unwrap().0;
        // foreign code, so no lock is held: it may panic or take long
        let after = next(before);
        let mut values = self.values.lock().unwrap();
        // somebody else may have been here: keep what they have done
        let merged = values.0.wrapping_add(after.wrapping_sub(before));
        *values = (merged, merged);
    }

    pub fn read(&self) -> (i64, i64) {
        *self.values.lock().unwrap()
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
    });
}
