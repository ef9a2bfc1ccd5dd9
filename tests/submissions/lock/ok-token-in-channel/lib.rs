use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

struct Token<T> {
    give: SyncSender<T>,
    take: Mutex<Receiver<T>>,
}

struct Held<'a, T: Copy> {
    back: &'a SyncSender<T>,
    value: T,
}

impl<T: Copy> Drop for Held<'_, T> {
    fn drop(&mut self) {
        let _ = self.back.send(self.value);
    }
}

impl<T: Copy> Token<T> {
    fn new(value: T) -> Self {
        let (give, take) = sync_channel(1);
        give.send(value).expect("we have the receiver");
        Token { give, take: Mutex::new(take) }
    }

    fn hold(&self) -> Held<'_, T> {
        let take = self.take.lock().expect("nobody panics while receiving");
        let value = take.recv().expect("we have the sender");
        drop(take);
        Held { back: &self.give, value }
    }
}

pub struct Account {
    token: Token<i64>,
}

impl Account {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Account {
        Account { token: Token::new(0) }
    }

    pub fn change(&self, amount: i64) {
        self.token.hold().value += amount;
    }

    pub fn balance(&self) -> i64 {
        self.token.hold().value
    }
}

pub struct Twins {
    token: Token<(i64, i64)>,
}

impl Twins {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Twins {
        Twins { token: Token::new((0, 0)) }
    }

    pub fn update(&self, next: impl FnOnce(i64) -> i64) {
        let mut held = self.token.hold();
        let new = next(held.value.0);
        held.value = (new, new);
    }

    pub fn read(&self) -> (i64, i64) {
        self.token.hold().value
    }
}

pub fn change_and_change_back(account: &Account, threads: usize, rounds: usize) {
    thread::scope(|s| {
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
