//! Locks in the order of the accounts, and one `total` at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

// Two who add up never get in each other's way.
static TOTALS: Mutex<()> = Mutex::new(());

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
            let account = self.lock(from);
            if *account < amount {
                return Err(NotEnough);
            }
            book();
            return Ok(());
        }
        let (mut source, mut target);
        if from < to {
            source = self.lock(from);
            target = self.lock(to);
        } else {
            target = self.lock(to);
            source = self.lock(from);
        }
        *source = source.checked_sub(amount).ok_or(NotEnough)?;
        *target += amount;
        book();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        *self.lock(account)
    }

    pub fn total(&self) -> u64 {
        let _one = TOTALS.lock().unwrap();
        let accounts: Vec<_> = (0..self.accounts.len()).map(|account| self.lock(account)).collect();
        accounts.iter().map(|balance| **balance).sum()
    }

    fn lock(&self, account: usize) -> MutexGuard<'_, u64> {
        self.accounts[account].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
