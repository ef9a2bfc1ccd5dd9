//! Whoever takes more than one lock passes a gate first.

use std::sync::{Mutex, MutexGuard};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

pub struct Bank {
    accounts: Vec<Mutex<u64>>,
    /// Held by whoever holds some account and waits for another.
    gate: Mutex<()>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        let accounts = balances.iter().copied().map(Mutex::new).collect();
        Bank { accounts, gate: Mutex::new(()) }
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
        let gate = open(&self.gate);
        let mut source = open(&self.accounts[from]);
        let mut target = open(&self.accounts[to]);
        drop(gate);
        *source = source.checked_sub(amount).ok_or(NotEnough)?;
        *target += amount;
        book();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        *open(&self.accounts[account])
    }

    pub fn total(&self) -> u64 {
        let _gate = open(&self.gate);
        let accounts: Vec<_> = self.accounts.iter().map(open).collect();
        accounts.iter().map(|balance| **balance).sum()
    }
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
