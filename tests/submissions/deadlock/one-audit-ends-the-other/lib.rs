use std::sync::{Condvar, Mutex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

#[derive(Default)]
struct Traffic {
    running: usize,
    audit: bool,
}

/// While an audit is on, no new transfer begins.
pub struct Bank {
    accounts: Vec<Mutex<u64>>,
    traffic: Mutex<Traffic>,
    changed: Condvar,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank {
            accounts: balances.iter().map(|&balance| Mutex::new(balance)).collect(),
            traffic: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let traffic = self.traffic.lock().unwrap();
        let mut traffic = self.changed.wait_while(traffic, |traffic| traffic.audit).unwrap();
        traffic.running += 1;
        drop(traffic);

        let result = self.do_transfer(from, to, amount, book);

        self.traffic.lock().unwrap().running -= 1;
        self.changed.notify_all();
        result
    }

    fn do_transfer(
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
            if from < to { (&mut *low, &mut *high) } else { (&mut *high, &mut *low) };
        if *source < amount {
            return Err(NotEnough);
        }
        *source -= amount;
        *target += amount;
        book();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        *self.accounts[account].lock().unwrap()
    }

    pub fn total(&self) -> u64 {
        let mut traffic = self.traffic.lock().unwrap();
        traffic.audit = true;
        while traffic.running > 0 {
            traffic = self.changed.wait(traffic).unwrap();
        }
        drop(traffic);
        // nothing moves now
        let total = self.accounts.iter().map(|account| *account.lock().unwrap()).sum();
        self.traffic.lock().unwrap().audit = false;
        self.changed.notify_all();
        total
    }
}
