//! Requests bound to threads.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

static CURRENT: Mutex<BTreeMap<String, Request>> = Mutex::new(BTreeMap::new());

fn me() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

struct Before(Option<Request>);

impl Drop for Before {
    fn drop(&mut self) {
        let mut current = CURRENT.lock().unwrap();
        match self.0.take() {
            Some(before) => current.insert(me(), before),
            None => current.remove(&me()),
        };
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let _before = Before(CURRENT.lock().unwrap().insert(me(), request));
    body()
}

pub fn current() -> Option<Request> {
    CURRENT.lock().unwrap().get(&me()).cloned()
}

pub fn rename(user: &str) -> bool {
    match CURRENT.lock().unwrap().get_mut(&me()) {
        Some(request) => {
            request.user = user.to_owned();
            true
        }
        None => false,
    }
}
