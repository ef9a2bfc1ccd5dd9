use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

const STRIPES: usize = 128;

pub struct Bank {
    balances: Vec<AtomicU64>,
    stripes: [Mutex<()>; STRIPES],
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        Bank {
            balances: balances.iter().map(|&b| AtomicU64::new(b)).collect(),
            stripes: [(); STRIPES].map(Mutex::new),
        }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let (a, b) = (from % STRIPES, to % STRIPES);
        let _first = self.stripes[a.min(b)].lock().unwrap();
        let _second = (a != b).then(|| self.stripes[a.max(b)].lock().unwrap());
        let have = self.balances[from].load(Ordering::SeqCst);
        if have < amount {
            return Err(NotEnough);
        }
        self.balances[from].fetch_sub(amount, Ordering::SeqCst);
        self.balances[to].fetch_add(amount, Ordering::SeqCst);
        book();
        Ok(())
    }

    pub fn balance(&self, account: usize) -> u64 {
        let _stripe = self.stripes[account % STRIPES].lock().unwrap();
        self.balances[account].load(Ordering::SeqCst)
    }

    pub fn total(&self) -> u64 {
        let _all: Vec<_> = self.stripes.iter().map(|s| s.lock().unwrap()).collect();
        self.balances.iter().map(|b| b.load(Ordering::SeqCst)).sum()
    }
}
