use std::cell::RefCell;
use std::thread;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

thread_local! {
    static REQUESTS: RefCell<Vec<Request>> = const { RefCell::new(Vec::new()) };
}

fn unbind() {
    REQUESTS.with_borrow_mut(|requests| requests.pop());
}

// For the case that the body panics.
struct OnPanic;

impl Drop for OnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            unbind();
        }
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    REQUESTS.with_borrow_mut(|requests| requests.push(request));
    let _on_panic = OnPanic;
    let result = body();
    unbind();
    result
}

pub fn current() -> Option<Request> {
    REQUESTS.with_borrow(|requests| requests.last().cloned())
}

pub fn rename(user: &str) -> bool {
    REQUESTS.with_borrow_mut(|requests| match requests.last_mut() {
        Some(request) => {
            request.user = user.to_owned();
            true
        }
        None => false,
    })
}
