//! A bank that counts what has begun to move and what has arrived.

/// Not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
struct Account {
    lock: Mutex<()>,
    balance: AtomicU64,
}
/// A bank.
pub struct Bank {
    accounts: Vec<Account>,
    begun: AtomicU64,
    ended: AtomicU64,
}
impl Bank {
    /// New.
    pub fn new(balances: &[u64]) -> Bank {
        let accounts = balances
            .iter()
            .map(|&b| Account { lock: Mutex::new(()), balance: AtomicU64::new(b) })
            .collect();
        Bank { accounts, begun: AtomicU64::new(0), ended: AtomicU64::new(0) }
    }
    /// Transfer.
    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let _first = self.accounts[from.min(to)].lock.lock().unwrap();
        let _second =
            if from != to { Some(self.accounts[from.max(to)].lock.lock().unwrap()) } else { None };
        if self.accounts[from].balance.load(SeqCst) < amount {
            return Err(NotEnough);
        }
        if from != to {
            self.begun.fetch_add(1, SeqCst);
            self.accounts[from].balance.fetch_sub(amount, SeqCst);
            self.accounts[to].balance.fetch_add(amount, SeqCst);
            self.ended.fetch_add(1, SeqCst);
        }
        book();
        Ok(())
    }
    /// Balance.
    pub fn balance(&self, account: usize) -> u64 {
        self.accounts[account].balance.load(SeqCst)
    }
    /// Total: adds up again until nothing has moved meanwhile.
    pub fn total(&self) -> u64 {
        loop {
            let ended = self.ended.load(SeqCst);
            if self.begun.load(SeqCst) == ended {
                let sum =
                    self.accounts.iter().map(|a| a.balance.load(SeqCst)).fold(0, u64::wrapping_add);
                if self.begun.load(SeqCst) == ended {
                    return sum;
                }
            }
            std::thread::yield_now();
        }
    }
}
