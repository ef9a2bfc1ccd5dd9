use std::sync::{Mutex, PoisonError};
use std::thread;

pub struct Account(Mutex<i64>);
impl Account {
    pub fn new() -> Account {
        Account(Mutex::new(0))
    }
    pub fn change(&self, amount: i64) {
        let mut balance = self.0.lock().unwrap();
        *balance += amount;
    }
    pub fn balance(&self) -> i64 {
        *self.0.lock().unwrap()
    }
}
pub struct Twins {
    updating: Mutex<()>,
    both: std::sync::atomic::AtomicU64,
}
impl Twins {
    pub fn new() -> Twins {
        Twins { updating: Mutex::new(()), both: 0.into() }
    }
    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let _one = self.updating.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.both.load(std::sync::atomic::Ordering::SeqCst) as u32 as i32;
        let new = next(i64::from(old)) as i32 as u32 as u64;
        self.both.store(new << 32 | new, std::sync::atomic::Ordering::SeqCst);
    }
    pub fn read(&self) -> (i64, i64) {
        let both = self.both.load(std::sync::atomic::Ordering::SeqCst);
        (i64::from((both >> 32) as u32 as i32), i64::from(both as u32 as i32))
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
