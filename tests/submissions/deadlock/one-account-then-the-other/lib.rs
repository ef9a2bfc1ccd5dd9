//! Waits until one account is free, then until the other is, and does not look at the first again.

use std::sync::{Condvar, Mutex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

struct State {
    money: Vec<u64>,
    busy: Vec<bool>,
}

pub struct Bank {
    state: Mutex<State>,
    free: Vec<Condvar>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank {
            state: Mutex::new(State {
                money: balances.to_vec(),
                busy: vec![false; balances.len()],
            }),
            free: balances.iter().map(|_| Condvar::new()).collect(),
        }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let mut state = self.state.lock().unwrap();
        while state.busy[from] {
            state = self.free[from].wait(state).unwrap();
        }
        while state.busy[to] {
            state = self.free[to].wait(state).unwrap();
        }
        if state.money[from] < amount {
            return Err(NotEnough);
        }
        state.busy[from] = true;
        state.busy[to] = true;
        drop(state);

        book();

        let mut state = self.state.lock().unwrap();
        state.money[from] = state.money[from].wrapping_sub(amount);
        state.money[to] = state.money[to].wrapping_add(amount);
        state.busy[from] = false;
        state.busy[to] = false;
        self.free[from].notify_all();
        self.free[to].notify_all();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        self.state.lock().unwrap().money[account]
    }

    pub fn total(&self) -> u64 {
        self.state.lock().unwrap().money.iter().sum()
    }
}
