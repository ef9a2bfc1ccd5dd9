//! One guard list; balances are worked out first.

use std::sync::{Mutex, MutexGuard};

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
        let (first, second) = (from.min(to), from.max(to));
        let mut low = open(&self.accounts[first]);
        let mut high = if first == second { None } else { Some(open(&self.accounts[second])) };
        let read = |account: usize| match &high {
            Some(high) if account == second => **high,
            _ => *low,
        };
        let source = read(from).checked_sub(amount).ok_or(NotEnough)?;
        let target = read(to) + amount;
        for (account, balance) in [(from, source), (to, target)] {
            match &mut high {
                Some(high) if account == second => **high = balance,
                _ => *low = balance,
            }
        }
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
