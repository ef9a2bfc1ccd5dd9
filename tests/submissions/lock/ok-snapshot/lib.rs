use std::sync::{Arc, Barrier, Mutex, RwLock};
use std::thread;

pub struct Account {
    balance: RwLock<i64>,
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { balance: RwLock::new(0) }
    }

    pub fn change(&self, amount: i64) {
        *self.balance.write().unwrap() += amount;
    }

    pub fn balance(&self) -> i64 {
        *self.balance.read().unwrap()
    }
}

pub struct Twins {
    gate: Mutex<()>,
    snapshot: RwLock<Arc<(i64, i64)>>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { gate: Mutex::new(()), snapshot: RwLock::new(Arc::new((0, 0))) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        // There is nothing behind this lock that a panic could leave half changed.
        let _one_at_a_time = match self.gate.lock() {
            Ok(guard) => guard,
            Err(poisoned) => {
                self.gate.clear_poison();
                poisoned.into_inner()
            }
        };
        let (value, _) = self.read();
        let value = next(value);
        let fresh = Arc::new((value, value));
        *self.snapshot.write().unwrap() = fresh;
    }

    pub fn read(&self) -> (i64, i64) {
        let snapshot = Arc::clone(&self.snapshot.read().unwrap());
        *snapshot
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    // Nobody begins before all are there.
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        for number in 0..threads {
            let start = &start;
            thread::Builder::new()
                .name(format!("changer-{number}"))
                .spawn_scoped(scope, move || {
                    start.wait();
                    for _ in 0..rounds {
                        account.change(1);
                        account.change(-1);
                    }
                })
                .expect("a thread can be started");
        }
    });
}
