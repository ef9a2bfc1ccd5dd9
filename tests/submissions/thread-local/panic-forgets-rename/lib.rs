use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

#[derive(Default)]
struct Desk {
    current: Option<Request>,
    // everything that is bound here, the innermost last
    all: Vec<Request>,
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::default();
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let before = DESK.with_borrow_mut(|desk| {
        desk.all.push(request.clone());
        desk.current.replace(request)
    });
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => {
            DESK.with_borrow_mut(|desk| {
                desk.all.pop();
                desk.current = before;
            });
            result
        }
        Err(panic) => {
            // clean up: the one below is the current one now
            DESK.with_borrow_mut(|desk| {
                desk.all.pop();
                desk.current = desk.all.last().cloned();
            });
            resume_unwind(panic)
        }
    }
}

pub fn current() -> Option<Request> {
    DESK.with_borrow(|desk| desk.current.clone())
}

pub fn rename(user: &str) -> bool {
    DESK.with_borrow_mut(|desk| match &mut desk.current {
        Some(request) => {
            request.user = user.to_owned();
            true
        }
        None => false,
    })
}
