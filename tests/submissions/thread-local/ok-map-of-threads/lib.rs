//! Requests bound to threads.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::thread::{self, ThreadId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

static REQUESTS: LazyLock<Mutex<HashMap<ThreadId, Request>>> = LazyLock::new(Mutex::default);

struct Before(Option<Request>);

impl Drop for Before {
    fn drop(&mut self) {
        let (me, mut requests) = (thread::current().id(), REQUESTS.lock().unwrap());
        match self.0.take() {
            Some(before) => requests.insert(me, before),
            None => requests.remove(&me),
        };
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let me = thread::current().id();
    let _before = Before(REQUESTS.lock().unwrap().insert(me, request));
    body()
}

pub fn current() -> Option<Request> {
    REQUESTS.lock().unwrap().get(&thread::current().id()).cloned()
}

pub fn rename(user: &str) -> bool {
    let mut requests = REQUESTS.lock().unwrap();
    match requests.get_mut(&thread::current().id()) {
        Some(request) => {
            request.user = user.to_owned();
            true
        }
        None => false,
    }
}
