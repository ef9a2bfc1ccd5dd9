use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

pub struct Bank {
    balances: Vec<Mutex<u64>>,
    reserved: Mutex<BTreeSet<usize>>,
    changed: Condvar,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank {
            balances: balances.iter().map(|&balance| Mutex::new(balance)).collect(),
            reserved: Mutex::new(BTreeSet::new()),
            changed: Condvar::new(),
        }
    }

    fn reserve(&self, from: usize, to: usize) {
        let mut reserved = self.reserved.lock().unwrap();
        while reserved.contains(&from) || reserved.contains(&to) {
            reserved = self.changed.wait(reserved).unwrap();
        }
        reserved.insert(from);
        reserved.insert(to);
    }

    fn release(&self, from: usize, to: usize) {
        let mut reserved = self.reserved.lock().unwrap();
        reserved.remove(&from);
        reserved.remove(&to);
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        self.reserve(from, to);
        if *self.balances[from].lock().unwrap() < amount {
            self.release(from, to);
            return Err(NotEnough);
        }
        if from != to {
            let mut low = self.balances[from.min(to)].lock().unwrap();
            let mut high = self.balances[from.max(to)].lock().unwrap();
            let (source, target) =
                if from < to { (&mut low, &mut high) } else { (&mut high, &mut low) };
            **source -= amount;
            **target += amount;
        }
        book();
        self.release(from, to);
        self.changed.notify_all();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        *self.balances[account].lock().unwrap()
    }

    pub fn total(&self) -> u64 {
        let all: Vec<_> = self.balances.iter().map(|balance| balance.lock().unwrap()).collect();
        all.iter().map(|balance| **balance).sum()
    }
}
