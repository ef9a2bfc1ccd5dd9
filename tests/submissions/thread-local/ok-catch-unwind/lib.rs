use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

thread_local! {
    static USER: RefCell<String> = const { RefCell::new(String::new()) };
    static NUMBER: Cell<Option<u32>> = const { Cell::new(None) };
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let Request { user, number } = request;
    let old_user = USER.replace(user);
    let old_number = NUMBER.replace(Some(number));
    let outcome = catch_unwind(AssertUnwindSafe(body));
    USER.set(old_user);
    NUMBER.set(old_number);
    match outcome {
        Ok(value) => value,
        Err(panic) => resume_unwind(panic),
    }
}

pub fn current() -> Option<Request> {
    let number = NUMBER.get()?;
    Some(Request { user: USER.with_borrow(|user| user.clone()), number })
}

pub fn rename(user: &str) -> bool {
    if NUMBER.get().is_none() {
        return false;
    }
    USER.set(user.to_owned());
    true
}
