use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
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
        self.balance.fetch_add(amount, Ordering::SeqCst);
    }

    pub fn balance(&self) -> i64 {
        self.balance.load(Ordering::SeqCst)
    }
}

// A lock for each twins would be a waste: they share a table of locks.
const LOCKS: usize = 16;
static TABLE: [Mutex<()>; LOCKS] = [const { Mutex::new(()) }; LOCKS];
static MADE: AtomicUsize = AtomicUsize::new(0);

pub struct Twins {
    number: usize,
    left: AtomicI64,
    right: AtomicI64,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins {
            number: MADE.fetch_add(1, Ordering::Relaxed),
            left: AtomicI64::new(0),
            right: AtomicI64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'static, ()> {
        TABLE[self.number % LOCKS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let _guard = self.lock();
        let value = next(self.left.load(Ordering::SeqCst));
        self.left.store(value, Ordering::SeqCst);
        self.right.store(value, Ordering::SeqCst);
    }

    pub fn read(&self) -> (i64, i64) {
        let _guard = self.lock();
        (self.left.load(Ordering::SeqCst), self.right.load(Ordering::SeqCst))
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
