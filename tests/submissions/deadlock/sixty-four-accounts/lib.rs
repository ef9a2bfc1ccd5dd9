/// Not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

use std::sync::{Condvar, Mutex};

/// A bank.
pub struct Bank {
    state: Mutex<(Vec<u64>, u64)>,
    freed: Condvar,
}
impl Bank {
    /// New.
    pub fn new(balances: &[u64]) -> Bank {
        Bank { state: Mutex::new((balances.to_vec(), 0)), freed: Condvar::new() }
    }
    /// Transfer.
    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let mask = (1u64 << from) | (1u64 << to);
        let mut state = self.state.lock().unwrap();
        while state.1 & mask != 0 {
            state = self.freed.wait(state).unwrap();
        }
        if state.0[from] < amount {
            return Err(NotEnough);
        }
        state.0[from] -= amount;
        state.0[to] += amount;
        state.1 |= mask;
        drop(state);
        book();
        self.state.lock().unwrap().1 &= !mask;
        self.freed.notify_all();
        Ok(())
    }
    /// Balance.
    pub fn balance(&self, account: usize) -> u64 {
        self.state.lock().unwrap().0[account]
    }
    /// Total.
    pub fn total(&self) -> u64 {
        self.state.lock().unwrap().0.iter().sum()
    }
}
