use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

pub struct Account {
    balance: AtomicI64,
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { balance: AtomicI64::new(0) }
    }

    pub fn change(&self, amount: i64) {
        self.balance.fetch_add(amount, Relaxed);
    }

    pub fn balance(&self) -> i64 {
        self.balance.load(Relaxed)
    }
}

/// Free most of the time, so look at a flag before going to bed.
struct FastLock {
    taken: AtomicBool,
    bed: Mutex<()>,
    wake: Condvar,
}

struct Held<'a>(&'a FastLock);

impl FastLock {
    fn new() -> FastLock {
        FastLock { taken: AtomicBool::new(false), bed: Mutex::new(()), wake: Condvar::new() }
    }

    fn lock(&self) -> Held<'_> {
        if self.taken.swap(true, Relaxed) {
            let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
            while self.taken.swap(true, Relaxed) {
                bed = self.wake.wait(bed).unwrap_or_else(PoisonError::into_inner);
            }
        }
        Held(self)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.taken.store(false, Relaxed);
        // whoever looked before us is asleep now
        drop(self.0.bed.lock());
        self.0.wake.notify_one();
    }
}

pub struct Twins {
    lock: FastLock,
    left: AtomicI64,
    right: AtomicI64,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { lock: FastLock::new(), left: AtomicI64::new(0), right: AtomicI64::new(0) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let _held = self.lock.lock();
        let value = next(self.left.load(Relaxed));
        self.left.store(value, Relaxed);
        self.right.store(value, Relaxed);
    }

    pub fn read(&self) -> (i64, i64) {
        let _held = self.lock.lock();
        (self.left.load(Relaxed), self.right.load(Relaxed))
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
