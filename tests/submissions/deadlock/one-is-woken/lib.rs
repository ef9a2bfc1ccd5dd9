use std::sync::{Condvar, Mutex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

struct State {
    balances: Vec<u64>,
    locked: Vec<bool>,
}

pub struct Bank {
    state: Mutex<State>,
    unlocked: Condvar,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        let state = State { balances: balances.to_vec(), locked: vec![false; balances.len()] };
        Bank { state: Mutex::new(state), unlocked: Condvar::new() }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        {
            let state = self.state.lock().unwrap();
            let mut state =
                self.unlocked.wait_while(state, |s| s.locked[from] || s.locked[to]).unwrap();
            if state.balances[from] < amount {
                // we took nothing: whoever waits may be interested
                self.unlocked.notify_one();
                return Err(NotEnough);
            }
            state.locked[from] = true;
            state.locked[to] = true;
            state.balances[from] -= amount;
            state.balances[to] += amount;
        }
        book();
        let mut state = self.state.lock().unwrap();
        state.locked[from] = false;
        state.locked[to] = false;
        self.unlocked.notify_one();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        self.state.lock().unwrap().balances[account]
    }

    pub fn total(&self) -> u64 {
        self.state.lock().unwrap().balances.iter().sum()
    }
}
