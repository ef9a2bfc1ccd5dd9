//! Requests bound to threads.

use std::cell::RefCell;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

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
    let _before = Before(CURRENT.replace(Some(request)));
    body()
}

pub fn current() -> Option<Request> {
    CURRENT.with_borrow(|current| current.clone())
}

pub fn rename(user: &str) -> bool {
    match current() {
        Some(mut request) => {
            request.user = user.to_owned();
            request.user == user
        }
        None => false,
    }
}
