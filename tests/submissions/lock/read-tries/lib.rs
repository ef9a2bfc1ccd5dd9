//! An account that many threads change, and two values that never differ.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;

/// A balance that threads change at the same time.
pub struct Account {
    balance: Mutex<i64>,
}

impl Account {
    /// An account with nothing on it.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { balance: Mutex::new(0) }
    }

    /// Adds `amount`, which may be negative, to the balance. No other change is lost.
    pub fn change(&self, amount: i64) {
        // One guard for reading and writing: with two, another thread fits in between.
        *lock(&self.balance) += amount;
    }

    /// The balance.
    pub fn balance(&self) -> i64 {
        *lock(&self.balance)
    }
}

/// Two values that are equal whenever anybody looks.
pub struct Twins {
    // One lock around both: what must agree is locked together.
    values: Mutex<(i64, i64)>,
}

impl Twins {
    /// Both values are 0.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { values: Mutex::new((0, 0)) }
    }

    /// Replaces both values by `next` of the value before.
    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut values = lock(&self.values);
        // `next` runs before anything is written, so a panic leaves both as they were.
        let value = next(values.0);
        *values = (value, value);
    }

    /// Both values at one moment.
    pub fn read(&self) -> (i64, i64) {
        match self.values.try_lock() {
            Ok(values) => *values,
            Err(TryLockError::Poisoned(poison)) => *poison.into_inner(),
            Err(TryLockError::WouldBlock) => (0, 0),
        }
    }
}

/// Locks, and takes the value also when a thread panicked while it held the lock.
///
/// Poison warns that the value may be half changed. Here it never is: both
/// types write only after everything that can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts `threads` threads that each, `rounds` times, add 1 to `account` and take 1 away.
pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    // The scope waits for every thread in it, and lets them borrow the account.
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
