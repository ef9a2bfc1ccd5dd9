use std::cell::RefCell;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

thread_local! {
    static CURRENT: RefCell<Option<Request>> = const { RefCell::new(None) };
}

struct PutBack(Option<Request>);

impl Drop for PutBack {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    if let Some(before) = CURRENT.replace(Some(request)) {
        // somebody else's request: it has to come back, whatever happens
        let _put_back = PutBack(Some(before));
        body()
    } else {
        let result = body();
        CURRENT.set(None);
        result
    }
}

pub fn current() -> Option<Request> {
    CURRENT.with_borrow(Clone::clone)
}

pub fn rename(user: &str) -> bool {
    CURRENT.with_borrow_mut(|current| {
        let Some(request) = current else { return false };
        request.user = user.to_owned();
        true
    })
}
