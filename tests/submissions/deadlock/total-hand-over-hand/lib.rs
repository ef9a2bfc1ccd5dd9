//! A bank whose transfers never wait for one another in a circle.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// There is less in the account than was to be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

/// Accounts 0, 1, 2, ..., which many threads use at the same time.
///
/// Lock order: whoever holds an account only ever waits for one with a higher
/// number. So a chain of threads that wait for one another climbs, and never comes
/// back to where it began.
pub struct Bank {
    accounts: Vec<Mutex<u64>>,
}

impl Bank {
    /// A bank with an account for each of `balances`.
    pub fn new(balances: &[u64]) -> Bank {
        Bank { accounts: balances.iter().copied().map(Mutex::new).collect() }
    }

    /// Moves `amount` from the account `from` to the account `to`, or refuses and changes nothing.
    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        if from == to {
            // Its lock can be taken once only, so this is a case of its own.
            let account = self.lock(from);
            if *account < amount {
                return Err(NotEnough);
            }
            book();
            return Ok(());
        }
        // In the order of the numbers, not in that of the parameters.
        let (mut source, mut target);
        if from < to {
            source = self.lock(from);
            target = self.lock(to);
        } else {
            target = self.lock(to);
            source = self.lock(from);
        }
        // Looked at under the same guard under which it is taken out.
        *source = source.checked_sub(amount).ok_or(NotEnough)?;
        *target += amount;
        book();
        Ok(())
    }

    /// What is in `account`.
    pub fn balance(&self, account: usize) -> u64 {
        *self.lock(account)
    }

    /// What is in all accounts together at one moment.
    pub fn total(&self) -> u64 {
        // All guards live until the sum is made. Taken in the same order as everywhere.
        let mut sum = 0;
        let mut held: Option<MutexGuard<'_, u64>> = None;
        for account in 0..self.accounts.len() {
            let next = self.lock(account);
            sum += *next;
            // The one before is let go only when the next is held: nobody overtakes.
            drop(held.replace(next));
        }
        sum
    }

    /// A panic in `book` leaves both balances whole, so poison is no reason to stop.
    fn lock(&self, account: usize) -> MutexGuard<'_, u64> {
        self.accounts[account].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
