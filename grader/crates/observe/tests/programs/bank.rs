use std::sync::{Barrier, Mutex, RwLock};
use std::thread;

struct Account {
    balance: Mutex<i64>,
}

static AUDIT: RwLock<u32> = RwLock::new(0);

fn transfer(from: &Account, to: &Account, both: &Barrier) {
    let mut source = from.balance.lock().unwrap();
    both.wait();
    let mut target = to.balance.lock().unwrap();
    *source -= 1;
    *target += 1;
}

fn main() {
    let accounts: Vec<Account> = (0..2).map(|_| Account { balance: Mutex::new(9) }).collect();
    let both = Barrier::new(2);
    let _reading = AUDIT.read().unwrap();
    thread::scope(|scope| {
        let give = |name: &str| thread::Builder::new().name(name.to_owned());
        give("there").spawn_scoped(scope, || transfer(&accounts[0], &accounts[1], &both)).unwrap();
        give("back").spawn_scoped(scope, || transfer(&accounts[1], &accounts[0], &both)).unwrap();
        give("auditor").spawn_scoped(scope, || *AUDIT.write().unwrap() += 1).unwrap();
    });
}
