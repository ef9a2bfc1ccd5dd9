use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

fn name(account: usize) -> String {
    format!("account-{account}")
}

/// Lock order: by name.
pub struct Bank {
    accounts: BTreeMap<String, Mutex<u64>>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        let accounts = balances
            .iter()
            .enumerate()
            .map(|(number, &balance)| (name(number), Mutex::new(balance)));
        Bank { accounts: accounts.collect() }
    }

    fn lock(&self, account: usize) -> MutexGuard<'_, u64> {
        self.accounts[&name(account)].lock().unwrap()
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        if from == to {
            let guard = self.lock(from);
            if *guard < amount {
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
        if *source < amount {
            return Err(NotEnough);
        }
        *source -= amount;
        *target += amount;
        book();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        *self.lock(account)
    }

    pub fn total(&self) -> u64 {
        let guards: Vec<_> =
            self.accounts.values().map(|account| account.lock().unwrap()).collect();
        guards.iter().map(|guard| **guard).sum()
    }
}
