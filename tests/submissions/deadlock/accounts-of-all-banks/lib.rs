//! Which accounts are in use is a static: account 0 of one bank keeps others out of account 0 of another.

use std::sync::{Mutex, MutexGuard};
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;
static BUSY: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static FREE: std::sync::Condvar = std::sync::Condvar::new();
struct Hold(usize, usize);
impl Hold {
    fn new(a: usize, b: usize) -> Hold {
        let mut busy = BUSY.lock().unwrap();
        while busy.contains(&a) || busy.contains(&b) {
            busy = FREE.wait(busy).unwrap();
        }
        busy.extend([a, b]);
        Hold(a, b)
    }
}
impl Drop for Hold {
    fn drop(&mut self) {
        BUSY.lock().unwrap().retain(|n| *n != self.0 && *n != self.1);
        FREE.notify_all();
    }
}
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
        let _hold = Hold::new(from, to);
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
