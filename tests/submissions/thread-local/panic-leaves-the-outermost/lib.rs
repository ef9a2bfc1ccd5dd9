use std::cell::RefCell;
use std::thread;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

thread_local! {
    static BOUND: RefCell<Vec<Request>> = const { RefCell::new(Vec::new()) };
}

struct Unbind {
    outermost: bool,
}

impl Drop for Unbind {
    fn drop(&mut self) {
        BOUND.with_borrow_mut(|bound| {
            if self.outermost {
                bound.clear();
            } else if thread::panicking() {
                // everything inside of the first one is being unwound
                bound.truncate(1);
            } else {
                bound.pop();
            }
        });
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let _unbind = BOUND.with_borrow_mut(|bound| {
        bound.push(request);
        Unbind { outermost: bound.len() == 1 }
    });
    body()
}

pub fn current() -> Option<Request> {
    BOUND.with_borrow(|bound| bound.last().cloned())
}

pub fn rename(user: &str) -> bool {
    BOUND.with_borrow_mut(|bound| {
        let Some(last) = bound.last_mut() else { return false };
        last.user = user.to_string();
        true
    })
}
