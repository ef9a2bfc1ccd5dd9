use std::sync::Mutex;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

pub struct Bank {
    accounts: Vec<Mutex<u64>>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        let mut accounts = Vec::new();
        for balance in balances {
            accounts.push(Mutex::new(*balance));
        }
        Bank { accounts }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        if from < to {
            let mut source = self.accounts[from].lock().unwrap();
            let mut target = self.accounts[to].lock().unwrap();
            if *source < amount {
                return Err(NotEnough);
            }
            *source -= amount;
            *target += amount;
            book();
        } else if from > to {
            let mut target = self.accounts[to].lock().unwrap();
            let mut source = self.accounts[from].lock().unwrap();
            if *source < amount {
                return Err(NotEnough);
            }
            *target += amount;
            drop(target);
            *source -= amount;
            book();
        } else {
            let account = self.accounts[from].lock().unwrap();
            if *account < amount {
                return Err(NotEnough);
            }
            book();
        }
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        *self.accounts[account].lock().unwrap()
    }

    pub fn total(&self) -> u64 {
        let guards: Vec<_> = self.accounts.iter().map(|a| a.lock().unwrap()).collect();
        guards.iter().map(|g| **g).sum()
    }
}
