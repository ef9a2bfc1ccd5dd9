//! Dining philosophers: at most one fewer at the table than there are forks.
use std::sync::{Condvar, Mutex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

pub struct Bank {
    accounts: Vec<Mutex<u64>>,
    seats: Mutex<usize>,
    freed: Condvar,
}

struct Sitting<'a>(&'a Bank);
impl Drop for Sitting<'_> {
    fn drop(&mut self) {
        *self.0.seats.lock().unwrap() += 1;
        self.0.freed.notify_one();
    }
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank {
            accounts: balances.iter().map(|&b| Mutex::new(b)).collect(),
            seats: Mutex::new(balances.len().saturating_sub(1).max(1)),
            freed: Condvar::new(),
        }
    }

    fn sit(&self) -> Sitting<'_> {
        let mut seats = self.freed.wait_while(self.seats.lock().unwrap(), |s| *s == 0).unwrap();
        *seats -= 1;
        Sitting(self)
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let _sitting = self.sit();
        let mut source = self.accounts[from].lock().unwrap();
        if *source < amount {
            return Err(NotEnough);
        }
        if from != to {
            let mut target = self.accounts[to].lock().unwrap();
            *source -= amount;
            *target += amount;
            book();
        } else {
            book();
        }
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        *self.accounts[account].lock().unwrap()
    }

    pub fn total(&self) -> u64 {
        let all = self.accounts.len().saturating_sub(1).max(1);
        // nobody else may sit while we count
        let mut seats = self.freed.wait_while(self.seats.lock().unwrap(), |s| *s < all).unwrap();
        *seats = all;
        self.accounts.iter().map(|a| *a.lock().unwrap()).sum()
    }
}
