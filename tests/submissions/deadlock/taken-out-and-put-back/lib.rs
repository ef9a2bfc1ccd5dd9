use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

struct Account {
    key: Mutex<()>,
    balance: AtomicU64,
}

pub struct Bank {
    accounts: Vec<Account>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        let account =
            |&balance: &u64| Account { key: Mutex::new(()), balance: AtomicU64::new(balance) };
        Bank { accounts: balances.iter().map(account).collect() }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let (low, high) = (from.min(to), from.max(to));
        let _low = self.accounts[low].key.lock().unwrap();
        let _high = if low == high { None } else { Some(self.accounts[high].key.lock().unwrap()) };

        let source = &self.accounts[from].balance;
        if from == to {
            if source.load(Ordering::SeqCst) < amount {
                return Err(NotEnough);
            }
            book();
            return Ok(());
        }
        let before = source.fetch_sub(amount, Ordering::SeqCst);
        if before < amount {
            // that was too much: back with it
            source.fetch_add(amount, Ordering::SeqCst);
            return Err(NotEnough);
        }
        self.accounts[to].balance.fetch_add(amount, Ordering::SeqCst);
        book();
        Ok(())
    }

    /// No key is needed to look at one number.
    pub fn balance(&self, account: usize) -> u64 {
        self.accounts[account].balance.load(Ordering::SeqCst)
    }

    pub fn total(&self) -> u64 {
        let _keys: Vec<_> =
            self.accounts.iter().map(|account| account.key.lock().unwrap()).collect();
        self.accounts.iter().map(|account| account.balance.load(Ordering::SeqCst)).sum()
    }
}
