use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::thread;

const SHARDS: usize = 8;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARD: Cell<usize> = Cell::new(THREADS.fetch_add(1, SeqCst) % SHARDS);
}

/// Each thread changes a counter of (nearly) its own: no two get into each other's way.
pub struct Account {
    counters: [AtomicI64; SHARDS],
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { counters: [const { AtomicI64::new(0) }; SHARDS] }
    }

    pub fn change(&self, amount: i64) {
        self.counters[SHARD.with(Cell::get)].fetch_add(amount, SeqCst);
    }

    pub fn balance(&self) -> i64 {
        let mut sum: i64 = 0;
        for counter in &self.counters {
            sum = sum.wrapping_add(counter.load(SeqCst));
        }
        sum
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
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let value = next(values.0);
        *values = (value, value);
    }

    pub fn read(&self) -> (i64, i64) {
        *self.values.lock().unwrap_or_else(PoisonError::into_inner)
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
