//! Requests bound to threads.

use std::cell::RefCell;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

thread_local! {
    /// The innermost request comes last.
    static STACK: RefCell<Vec<Request>> = const { RefCell::new(Vec::new()) };
}

struct Pop;

impl Drop for Pop {
    fn drop(&mut self) {
        STACK.with_borrow_mut(|stack| stack.pop());
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    STACK.with_borrow_mut(|stack| stack.push(request));
    let _pop = Pop;
    body()
}

pub fn current() -> Option<Request> {
    STACK.with_borrow(|stack| stack.last().cloned())
}

pub fn rename(user: &str) -> bool {
    STACK.with_borrow_mut(|stack| match stack.last_mut() {
        Some(request) => {
            request.user = user.to_owned();
            true
        }
        None => false,
    })
}
