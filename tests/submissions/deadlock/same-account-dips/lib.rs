use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

pub struct Bank {
    locks: Vec<Mutex<()>>,
    money: Vec<AtomicU64>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank {
            locks: balances.iter().map(|_| Mutex::new(())).collect(),
            money: balances.iter().map(|&balance| AtomicU64::new(balance)).collect(),
        }
    }

    fn pay_out(&self, account: usize, amount: u64) {
        self.money[account].fetch_sub(amount, Ordering::SeqCst);
    }

    fn pay_in(&self, account: usize, amount: u64) {
        self.money[account].fetch_add(amount, Ordering::SeqCst);
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let mut order = vec![from, to];
        order.sort();
        order.dedup();
        let _guards: Vec<_> =
            order.iter().map(|&account| self.locks[account].lock().unwrap()).collect();
        if self.money[from].load(Ordering::SeqCst) < amount {
            return Err(NotEnough);
        }
        self.pay_out(from, amount);
        self.pay_in(to, amount);
        book();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        self.money[account].load(Ordering::SeqCst)
    }

    pub fn total(&self) -> u64 {
        let _guards: Vec<_> = self.locks.iter().map(|lock| lock.lock().unwrap()).collect();
        self.money.iter().map(|money| money.load(Ordering::SeqCst)).sum()
    }
}
