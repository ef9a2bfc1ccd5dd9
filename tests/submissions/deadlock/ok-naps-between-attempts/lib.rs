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
        if from == to {
            let balance = self.accounts[from].lock().unwrap();
            if *balance < amount {
                return Err(NotEnough);
            }
            book();
            return Ok(());
        }
        let mut nap = 1;
        loop {
            let mut source = self.accounts[from].lock().unwrap();
            if *source < amount {
                return Err(NotEnough);
            }
            if let Ok(mut target) = self.accounts[to].try_lock() {
                *source -= amount;
                *target += amount;
                book();
                return Ok(());
            }
            drop(source);
            std::thread::sleep(std::time::Duration::from_micros(nap * (1 + from as u64)));
            nap = (nap * 2).min(1000);
        }
    }

    pub fn balance(&self, account: usize) -> u64 {
        *self.accounts[account].lock().unwrap()
    }

    pub fn total(&self) -> u64 {
        loop {
            let guards: Vec<_> = self.accounts.iter().filter_map(|a| a.try_lock().ok()).collect();
            if guards.len() == self.accounts.len() {
                return guards.iter().map(|g| **g).sum();
            }
            drop(guards);
            std::thread::sleep(std::time::Duration::from_micros(50));
        }
    }
}
