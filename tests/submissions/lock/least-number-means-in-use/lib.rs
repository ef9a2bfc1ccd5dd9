use std::sync::{Condvar, Mutex, MutexGuard};
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

/// Stands in for the value while somebody computes the next one.
const IN_USE: i64 = i64::MIN;

pub struct Twins {
    // Twins are equal, so one number is enough.
    value: Mutex<i64>,
    put_back: Condvar,
}

struct PutBack<'a> {
    twins: &'a Twins,
    value: i64,
}

impl Drop for PutBack<'_> {
    fn drop(&mut self) {
        *self.twins.value.lock().unwrap() = self.value;
        self.twins.put_back.notify_all();
    }
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { value: Mutex::new(0), put_back: Condvar::new() }
    }

    fn wait(&self) -> MutexGuard<'_, i64> {
        let value = self.value.lock().unwrap();
        self.put_back.wait_while(value, |value| *value == IN_USE).unwrap()
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let before = std::mem::replace(&mut *self.wait(), IN_USE);
        let mut put_back = PutBack { twins: self, value: before };
        put_back.value = next(before);
    }

    pub fn read(&self) -> (i64, i64) {
        let value = *self.wait();
        (value, value)
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
