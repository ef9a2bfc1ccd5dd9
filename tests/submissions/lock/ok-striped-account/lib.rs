use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;

const SHARDS: usize = 4;
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static MINE: Cell<Option<usize>> = const { Cell::new(None) };
}

fn my_shard() -> usize {
    MINE.with(|mine| {
        let shard = mine.get().unwrap_or_else(|| NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        mine.set(Some(shard));
        shard
    })
}

/// The balance is the sum of the shards, so that threads seldom want the same one.
pub struct Account {
    shards: [Mutex<i64>; SHARDS],
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { shards: std::array::from_fn(|_| Mutex::new(0)) }
    }

    pub fn change(&self, amount: i64) {
        let mut shard = self.shards[my_shard()].lock().unwrap();
        // a shard may go round the corner, the sum does not
        *shard = shard.wrapping_add(amount);
    }

    pub fn balance(&self) -> i64 {
        // all at one moment, always in the same order
        let all: Vec<_> = self.shards.iter().map(|shard| shard.lock().unwrap()).collect();
        all.iter().fold(0i64, |sum, shard| sum.wrapping_add(**shard))
    }
}

pub struct Twins {
    values: RwLock<[i64; 2]>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { values: RwLock::new([0; 2]) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        let value = next(values[0]);
        values.fill(value);
    }

    pub fn read(&self) -> (i64, i64) {
        let values = match self.values.read() {
            Ok(values) => values,
            Err(poisoned) => poisoned.into_inner(),
        };
        let [left, right] = *values;
        (left, right)
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
