//! Requests bound to threads.

use std::cell::RefCell;
use std::sync::Mutex;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

static LAST: Mutex<Option<Request>> = Mutex::new(None);

thread_local! {
    static CURRENT: RefCell<Option<Request>> = const { RefCell::new(None) };
}

struct Before(Option<Request>);

impl Drop for Before {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    *LAST.lock().unwrap() = Some(request.clone());
    let _before = Before(CURRENT.replace(Some(request)));
    let result = body();
    *LAST.lock().unwrap() = None;
    result
}

pub fn current() -> Option<Request> {
    CURRENT.with_borrow(|current| current.clone()).or_else(|| LAST.lock().unwrap().clone())
}

pub fn rename(user: &str) -> bool {
    CURRENT.with_borrow_mut(|current| match current {
        Some(request) => {
            request.user = user.to_owned();
            true
        }
        None => false,
    })
}
