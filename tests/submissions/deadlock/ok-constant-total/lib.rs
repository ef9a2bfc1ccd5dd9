use std::collections::{BTreeMap, BTreeSet};
use std::sync::{RwLock, RwLockWriteGuard};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

pub struct Bank {
    accounts: Vec<RwLock<u64>>,
    /// Nothing comes in and nothing goes out.
    sum: u64,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank {
            accounts: balances.iter().copied().map(RwLock::new).collect(),
            sum: balances.iter().fold(0, |sum: u64, b| sum.wrapping_add(*b)),
        }
    }

    /// Locks these accounts, the smallest number first.
    fn hold(&self, numbers: BTreeSet<usize>) -> BTreeMap<usize, RwLockWriteGuard<'_, u64>> {
        let mut held = BTreeMap::new();
        for number in numbers {
            held.insert(number, self.accounts[number].write().unwrap());
        }
        held
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let mut held = self.hold(BTreeSet::from([from, to]));
        let source = held.get_mut(&from).expect("we hold it");
        **source = source.checked_sub(amount).ok_or(NotEnough)?;
        let target = held.get_mut(&to).expect("we hold it");
        **target += amount;
        book();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        *self.accounts[account].read().unwrap()
    }

    pub fn total(&self) -> u64 {
        self.sum
    }
}
