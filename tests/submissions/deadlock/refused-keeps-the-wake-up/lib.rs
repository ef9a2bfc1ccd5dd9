//! A condition variable for each account, and one of those who wait is woken.

use std::sync::{Condvar, Mutex};

struct State {
    balances: Vec<u64>,
    busy: Vec<bool>,
}

pub struct Bank {
    state: Mutex<State>,
    freed: Vec<Condvar>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank {
            state: Mutex::new(State {
                balances: balances.to_vec(),
                busy: vec![false; balances.len()],
            }),
            freed: balances.iter().map(|_| Condvar::new()).collect(),
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
        // wait for whichever is in use, until both are free at once
        loop {
            if state.busy[from] {
                state = self.freed[from].wait(state).unwrap();
            } else if state.busy[to] {
                // whoever else waits for `from` may have it meanwhile
                self.freed[from].notify_one();
                state = self.freed[to].wait(state).unwrap();
            } else {
                break;
            }
        }
        if state.balances[from] < amount {
            return Err(NotEnough);
        }
        state.busy[from] = true;
        state.busy[to] = true;
        drop(state);

        book();

        let mut state = self.state.lock().unwrap();
        state.balances[from] -= amount;
        state.balances[to] += amount;
        state.busy[from] = false;
        state.busy[to] = false;
        self.freed[from].notify_one();
        self.freed[to].notify_one();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        self.state.lock().unwrap().balances[account]
    }

    pub fn total(&self) -> u64 {
        self.state.lock().unwrap().balances.iter().sum()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;
