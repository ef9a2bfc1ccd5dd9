//! The target is let go of before the transfer is booked.

use std::sync::{Mutex, MutexGuard};
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;
pub struct Bank {
    accounts: Vec<Mutex<u64>>,
}
impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank { accounts: balances.iter().map(|&b| Mutex::new(b)).collect() }
    }
    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        if from == to {
            let account = self.accounts[from].lock().unwrap();
            if amount > *account {
                return Err(NotEnough);
            }
            book();
            return Ok(());
        }
        let mut low = self.accounts[from.min(to)].lock().unwrap();
        let mut high = self.accounts[from.max(to)].lock().unwrap();
        let (source, target) =
            if from < to { (&mut low, &mut high) } else { (&mut high, &mut low) };
        if **source < amount {
            return Err(NotEnough);
        }
        **source -= amount;
        **target += amount;
        if from < to {
            drop(high);
        } else {
            drop(low);
        }
        book();
        Ok(())
    }
    pub fn balance(&self, account: usize) -> u64 {
        *self.accounts[account].lock().unwrap()
    }
    pub fn total(&self) -> u64 {
        let guards: Vec<MutexGuard<u64>> =
            self.accounts.iter().map(|a| a.lock().unwrap()).collect();
        guards.iter().map(|g| **g).sum()
    }
}
