use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

thread_local! {
    static CURRENT: RefCell<Option<Request>> = const { RefCell::new(None) };
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let before = CURRENT.replace(Some(request));
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    CURRENT.set(before);
    match result {
        Ok(result) => result,
        Err(payload) => {
            if let Some(message) = payload.downcast_ref::<&'static str>() {
                panic::panic_any(*message);
            } else if let Some(message) = payload.downcast_ref::<String>() {
                panic::panic_any(message.clone());
            } else {
                panic!("request failed");
            }
        }
    }
}

pub fn current() -> Option<Request> {
    CURRENT.with_borrow(Clone::clone)
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
