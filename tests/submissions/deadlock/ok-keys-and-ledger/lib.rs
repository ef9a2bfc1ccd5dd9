use std::sync::{Mutex, RwLock};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

/// Lock order: keys by number, then the ledger, which is never held while anything else is done.
pub struct Bank {
    keys: Vec<Mutex<()>>,
    ledger: RwLock<Vec<u64>>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank {
            keys: balances.iter().map(|_| Mutex::new(())).collect(),
            ledger: RwLock::new(balances.into()),
        }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        use std::cmp::Ordering::*;
        let (first, second) = match from.cmp(&to) {
            Less => (from, Some(to)),
            Equal => (from, None),
            Greater => (to, Some(from)),
        };
        let _first = self.keys[first].lock().unwrap();
        let _second = second.map(|second| self.keys[second].lock().unwrap());

        // Nobody else changes our two accounts: what is read here stays true.
        let enough = self.ledger.read().unwrap()[from] >= amount;
        if !enough {
            return Err(NotEnough);
        }
        book();
        let mut ledger = self.ledger.write().unwrap();
        ledger[from] -= amount;
        ledger[to] += amount;
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        self.ledger.read().unwrap()[account]
    }

    pub fn total(&self) -> u64 {
        self.ledger.read().unwrap().iter().copied().sum()
    }
}
