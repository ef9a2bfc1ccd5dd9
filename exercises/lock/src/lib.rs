//! An account that many threads change, and two values that never differ.
//!
//! This is the only file that you edit. `cargo test -p lock` judges it.

/// A balance that threads change at the same time.
pub struct Account {
    // What keeps two threads from changing the balance at once?
}

impl Account {
    /// An account with nothing on it.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        todo!("an account with a balance of 0")
    }

    /// Adds `amount`, which may be negative, to the balance. No change is lost, neither this one
    /// nor another.
    ///
    /// Any `i64` can be the balance; nobody goes beyond.
    pub fn change(&self, amount: i64) {
        let _ = amount;
        todo!("read, add and write as one step")
    }

    /// The balance, as it was at one moment.
    pub fn balance(&self) -> i64 {
        todo!("read the balance")
    }
}

/// Two values that are equal whenever anybody looks. Any `i64` can be the value.
pub struct Twins {
    // Two numbers. What has to be locked, and how often?
}

impl Twins {
    /// Both values are 0.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        todo!("two values, both 0")
    }

    /// Replaces both values by `next` of the value before. Whoever finds the twins in use sleeps.
    ///
    /// `next` may look at other twins, as many as there are, and change them, but not these.
    ///
    /// If `next` panics, this very panic goes on to the caller, both values stay as they were, and
    /// the twins can be used as before. Other panics do not matter: an update by a `drop` that one
    /// of them causes counts like any other.
    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let _ = next;
        todo!("change both values while nobody can look")
    }

    /// Both values at one moment. While an update is under way it sleeps, or gives the values from
    /// just before that update, no older ones.
    pub fn read(&self) -> (i64, i64) {
        todo!("look at both values at once")
    }
}

/// Starts `threads` threads and no others, which work at the same time. Each of them adds 1 to
/// `account` and takes 1 away again, `rounds` times, one round after the other.
///
/// Returns when all of them have ended.
pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    let _ = (account, threads, rounds);
    todo!("start the threads, wait for all of them")
}
