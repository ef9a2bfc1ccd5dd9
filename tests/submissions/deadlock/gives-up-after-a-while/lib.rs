use std::sync::Mutex;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

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
        for _ in 0..10 {
            let mut source = self.accounts[from].lock().unwrap();
            if *source < amount {
                return Err(NotEnough);
            }
            if from == to {
                book();
                return Ok(());
            }
            if let Ok(mut target) = self.accounts[to].try_lock() {
                *source -= amount;
                *target += amount;
                book();
                return Ok(());
            }
            drop(source);
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        Err(NotEnough)
    }

    pub fn balance(&self, account: usize) -> u64 {
        *self.accounts[account].lock().unwrap()
    }

    pub fn total(&self) -> u64 {
        let guards: Vec<_> = self.accounts.iter().map(|a| a.lock().unwrap()).collect();
        guards.iter().map(|g| **g).sum()
    }
}
