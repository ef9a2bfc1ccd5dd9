//! Accounts are lent out in pairs.

use std::sync::{Condvar, Mutex, MutexGuard};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

/// The mutex is held for moments only; a transfer under way marks its accounts as busy.
pub struct Bank {
    accounts: Mutex<Vec<Account>>,
    given_back: Condvar,
}

struct Account {
    balance: u64,
    busy: bool,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        let accounts = balances.iter().map(|&balance| Account { balance, busy: false });
        Bank { accounts: Mutex::new(accounts.collect()), given_back: Condvar::new() }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let mut accounts = open(&self.accounts);
        while accounts[from].busy || accounts[to].busy {
            accounts = self.given_back.wait(accounts).unwrap_or_else(|error| error.into_inner());
        }
        if accounts[from].balance < amount {
            return Err(NotEnough);
        }
        accounts[from].busy = true;
        accounts[to].busy = true;
        drop(accounts);
        book();
        let mut accounts = open(&self.accounts);
        accounts[from].balance -= amount;
        accounts[to].balance += amount;
        accounts[from].busy = false;
        accounts[to].busy = false;
        self.given_back.notify_all();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        open(&self.accounts)[account].balance
    }

    pub fn total(&self) -> u64 {
        open(&self.accounts).iter().map(|account| account.balance).sum()
    }
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
