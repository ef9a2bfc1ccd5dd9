//! The whole bank under one lock.

use std::sync::{Mutex, MutexGuard};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

pub struct Bank {
    balances: Mutex<Vec<u64>>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank { balances: Mutex::new(balances.to_vec()) }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let mut balances = open(&self.balances);
        balances[from] = balances[from].checked_sub(amount).ok_or(NotEnough)?;
        balances[to] += amount;
        book();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        open(&self.balances)[account]
    }

    pub fn total(&self) -> u64 {
        open(&self.balances).iter().sum()
    }
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
