//! Locks in the order of the accounts, and one more for whoever adds up.

use std::sync::{Mutex, RwLock};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

// transfers read, the auditor writes
static AUDIT: RwLock<()> = RwLock::new(());

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
        let _no_audit = AUDIT.read().unwrap();
        let mut low = self.accounts[from.min(to)].lock().unwrap();
        if from == to {
            if *low < amount {
                return Err(NotEnough);
            }
            book();
            return Ok(());
        }
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
        let _audit = AUDIT.write().unwrap();
        // nothing moves, so one after the other will do
        self.accounts.iter().map(|a| *a.lock().unwrap()).sum()
    }
}
