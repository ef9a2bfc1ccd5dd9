//! Sixteen locks are shared by all accounts, and transfers that have no account in common wait for each other.

use std::sync::{Mutex, MutexGuard};
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;
pub struct Bank {
    stripes: Vec<Mutex<()>>,
    accounts: Vec<Mutex<u64>>,
}
impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank {
            stripes: (0..16).map(|_| Mutex::new(())).collect(),
            accounts: balances.iter().map(|&b| Mutex::new(b)).collect(),
        }
    }
    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        if from == to {
            let _stripe = self.stripes[from % 16].lock().unwrap();
            let account = self.accounts[from].lock().unwrap();
            if amount > *account {
                return Err(NotEnough);
            }
            book();
            return Ok(());
        }
        let (a, b) = (from % 16, to % 16);
        let _first = self.stripes[a.min(b)].lock().unwrap();
        let _second = (a != b).then(|| self.stripes[a.max(b)].lock().unwrap());
        let mut low = self.accounts[from.min(to)].lock().unwrap();
        let mut high = self.accounts[from.max(to)].lock().unwrap();
        let (source, target) =
            if from < to { (&mut low, &mut high) } else { (&mut high, &mut low) };
        if **source < amount {
            return Err(NotEnough);
        }
        **source -= amount;
        **target += amount;
        book();
        Ok(())
    }
    pub fn balance(&self, account: usize) -> u64 {
        *self.accounts[account].lock().unwrap()
    }
    pub fn total(&self) -> u64 {
        let _all: Vec<MutexGuard<()>> = self.stripes.iter().map(|a| a.lock().unwrap()).collect();
        let guards: Vec<MutexGuard<u64>> =
            self.accounts.iter().map(|a| a.lock().unwrap()).collect();
        guards.iter().map(|g| **g).sum()
    }
}
