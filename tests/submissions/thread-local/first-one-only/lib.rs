//! Requests bound to threads.

use std::cell::OnceCell;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

thread_local! {
    static CURRENT: OnceCell<Request> = const { OnceCell::new() };
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    CURRENT.with(|current| {
        let _ = current.set(request);
    });
    body()
}

pub fn current() -> Option<Request> {
    CURRENT.with(|current| current.get().cloned())
}

pub fn rename(user: &str) -> bool {
    let _ = user;
    CURRENT.with(|current| current.get().is_some())
}
