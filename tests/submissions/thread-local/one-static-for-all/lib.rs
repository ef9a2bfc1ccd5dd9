//! Requests bound to threads.

use std::sync::Mutex;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

static CURRENT: Mutex<Option<Request>> = Mutex::new(None);

struct Before(Option<Request>);

impl Drop for Before {
    fn drop(&mut self) {
        *CURRENT.lock().unwrap() = self.0.take();
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let _before = Before(CURRENT.lock().unwrap().replace(request));
    body()
}

pub fn current() -> Option<Request> {
    CURRENT.lock().unwrap().clone()
}

pub fn rename(user: &str) -> bool {
    match &mut *CURRENT.lock().unwrap() {
        Some(request) => {
            request.user = user.to_owned();
            true
        }
        None => false,
    }
}
