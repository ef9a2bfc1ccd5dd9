use std::sync::Mutex;

/// A balance that threads change at the same time.
pub struct Account {
    balance: Mutex<i64>,
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { balance: Mutex::new(0) }
    }

    pub fn change(&self, amount: i64) {
        let mut b = self.balance.lock().unwrap();
        *b += amount;
    }

    pub fn balance(&self) -> i64 {
        *self.balance.lock().unwrap()
    }
}

/// Two values that are equal whenever anybody looks.
pub struct Twins {
    // Two numbers. What has to be locked, and how often?
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        todo!("two values, both 0")
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let _ = next;
        todo!("change both values while nobody can look")
    }

    pub fn read(&self) -> (i64, i64) {
        todo!("look at both values at once")
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    std::thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(move || {
                for _ in 0..rounds {
                    account.change(1);
                    account.change(-1);
                }
            });
        }
    });
}
