use std::cell::RefCell;
use std::thread;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

thread_local! {
    static REQUEST: RefCell<Option<Request>> = const { RefCell::new(None) };
}

struct Restore(Option<Request>);

impl Drop for Restore {
    fn drop(&mut self) {
        let before = self.0.take();
        REQUEST.with_borrow_mut(|request| *request = before);
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let before = REQUEST.with_borrow_mut(|current| current.replace(request));
    let _restore = Restore(before);
    body()
}

pub fn current() -> Option<Request> {
    // who unwinds works for nobody any more
    if thread::panicking() {
        return None;
    }
    REQUEST.with_borrow(Option::clone)
}

pub fn rename(user: &str) -> bool {
    REQUEST.with_borrow_mut(|request| {
        if let Some(request) = request {
            request.user = user.to_owned();
        }
        request.is_some()
    })
}
