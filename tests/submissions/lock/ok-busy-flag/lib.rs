//! An account under a lock, and twins that are changed in turns.

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
        *open(&self.balance) += amount;
    }

    pub fn balance(&self) -> i64 {
        *open(&self.balance)
    }
}

/// Whoever has set `busy` may change the values; the mutex is only held for moments.
pub struct Twins {
    state: Mutex<State>,
    free: Condvar,
}

struct State {
    busy: bool,
    values: (i64, i64),
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        let state = State { busy: false, values: (0, 0) };
        Twins { state: Mutex::new(state), free: Condvar::new() }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let turn = self.take_turn();
        let value = next(turn.value);
        open(&self.state).values = (value, value);
    }

    pub fn read(&self) -> (i64, i64) {
        open(&self.state).values
    }

    fn take_turn(&self) -> Turn<'_> {
        let mut state = open(&self.state);
        while state.busy {
            state = self.free.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        state.busy = true;
        Turn { twins: self, value: state.values.0 }
    }
}

/// Ends with the scope that it is in, in a panic too.
struct Turn<'a> {
    twins: &'a Twins,
    value: i64,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        open(&self.twins.state).busy = false;
        self.twins.free.notify_one();
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

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
