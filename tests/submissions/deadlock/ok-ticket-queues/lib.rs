use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

#[derive(Default)]
struct Office {
    balances: Vec<u64>,
    queues: Vec<VecDeque<u64>>,
    next_ticket: u64,
    bells: HashMap<u64, Arc<Condvar>>,
}

impl Office {
    fn is_first(&self, ticket: u64, accounts: &[usize]) -> bool {
        accounts.iter().all(|&a| self.queues[a].front() == Some(&ticket))
    }

    fn leave(&mut self, ticket: u64, accounts: &[usize]) {
        for &account in accounts {
            let gone = self.queues[account].pop_front();
            debug_assert_eq!(gone, Some(ticket));
            if let Some(next) = self.queues[account].front() {
                if let Some(bell) = self.bells.get(next) {
                    bell.notify_one();
                }
            }
        }
        self.bells.remove(&ticket);
    }
}

pub struct Bank {
    office: Mutex<Office>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        let office = Office {
            balances: balances.to_vec(),
            queues: vec![VecDeque::new(); balances.len()],
            ..Office::default()
        };
        Bank { office: Mutex::new(office) }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let mut accounts = vec![from, to];
        accounts.dedup();

        let mut office = self.office.lock().unwrap();
        let ticket = office.next_ticket;
        office.next_ticket += 1;
        for &account in &accounts {
            office.queues[account].push_back(ticket);
        }
        let bell = Arc::new(Condvar::new());
        office.bells.insert(ticket, Arc::clone(&bell));
        while !office.is_first(ticket, &accounts) {
            office = bell.wait(office).unwrap();
        }
        let enough = office.balances[from] >= amount;
        if enough {
            office.balances[from] -= amount;
            office.balances[to] += amount;
            drop(office);
            book();
            office = self.office.lock().unwrap();
        }
        office.leave(ticket, &accounts);
        if enough { Ok(()) } else { Err(NotEnough) }
    }

    pub fn balance(&self, account: usize) -> u64 {
        self.office.lock().unwrap().balances[account]
    }

    pub fn total(&self) -> u64 {
        self.office.lock().unwrap().balances.iter().sum()
    }
}
