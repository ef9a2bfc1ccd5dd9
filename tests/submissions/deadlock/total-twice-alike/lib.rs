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
            let account = self.accounts[from].lock().unwrap();
            if *account < amount {
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

    fn add_up(&self) -> u64 {
        (0..self.accounts.len()).map(|account| self.balance(account)).sum()
    }

    pub fn total(&self) -> u64 {
        let mut before = self.add_up();
        loop {
            let now = self.add_up();
            if now == before {
                return now;
            }
            before = now;
        }
    }
}
