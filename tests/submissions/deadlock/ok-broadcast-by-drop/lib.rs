//! One ledger; who waits leaves a sender, and the end of a transfer drops them all.

use std::collections::BTreeSet;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard};

struct Ledger {
    money: Vec<u64>,
    under_way: BTreeSet<usize>,
    queue: Vec<Sender<()>>,
}

pub struct Bank {
    ledger: Mutex<Ledger>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        let ledger =
            Ledger { money: balances.into(), under_way: BTreeSet::new(), queue: Vec::new() };
        Bank { ledger: Mutex::new(ledger) }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nothing panics under it")
    }

    /// Marks both accounts, at once or not at all.
    fn begin(&self, from: usize, to: usize, amount: u64) -> Result<(), NotEnough> {
        loop {
            let bell = {
                let mut ledger = self.ledger();
                if ledger.under_way.is_disjoint(&BTreeSet::from([from, to])) {
                    if ledger.money[from] < amount {
                        return Err(NotEnough);
                    }
                    ledger.under_way.extend([from, to]);
                    return Ok(());
                }
                let (string, bell) = channel();
                ledger.queue.push(string);
                bell
            };
            // Rings when the sender is dropped.
            let _ = bell.recv();
        }
    }

    fn end(&self, from: usize, to: usize, amount: u64) {
        let mut ledger = self.ledger();
        ledger.money[from] -= amount;
        ledger.money[to] += amount;
        ledger.under_way.remove(&from);
        ledger.under_way.remove(&to);
        ledger.queue.clear();
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        self.begin(from, to, amount)?;
        book();
        self.end(from, to, amount);
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        self.ledger().money[account]
    }

    pub fn total(&self) -> u64 {
        self.ledger().money.iter().sum()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;
