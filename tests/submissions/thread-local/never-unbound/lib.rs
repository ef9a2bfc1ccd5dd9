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

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    CURRENT.set(Some(request));
    body()
}

pub fn current() -> Option<Request> {
    CURRENT.with_borrow(|current| current.clone())
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
