//! Never sleeps on the second lock.

use std::sync::{Mutex, MutexGuard};
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

pub struct Bank {
    accounts: Vec<Mutex<u64>>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank { accounts: balances.iter().copied().map(Mutex::new).collect() }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        if from == to {
            let balance = open(&self.accounts[from]);
            if *balance < amount {
                return Err(NotEnough);
            }
            book();
            return Ok(());
        }
        let mut source = open(&self.accounts[from]);
        let mut target = loop {
            match self.accounts[to].try_lock() {
                Ok(target) => break target,
                Err(_) => thread::yield_now(),
            }
        };
        *source = source.checked_sub(amount).ok_or(NotEnough)?;
        *target += amount;
        book();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        *open(&self.accounts[account])
    }

    pub fn total(&self) -> u64 {
        let accounts: Vec<_> = self.accounts.iter().map(open).collect();
        accounts.iter().map(|balance| **balance).sum()
    }
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
