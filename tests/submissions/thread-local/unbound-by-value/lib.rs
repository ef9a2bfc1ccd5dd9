//! The end of a binding takes away the first request with its number, which may be another binding's.

use std::cell::RefCell;
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}
thread_local! { static NOW: RefCell<Vec<Request>> = const { RefCell::new(Vec::new()) }; }
struct Unbind(u32);
impl Drop for Unbind {
    fn drop(&mut self) {
        NOW.with(|now| {
            let n = self.0;
            let mut now = now.borrow_mut();
            if let Some(at) = now.iter().position(|r| r.number == n) {
                now.remove(at);
            }
        });
    }
}
pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    NOW.with(|now| now.borrow_mut().push(request.clone()));
    let _unbind = Unbind(request.number);
    body()
}
pub fn current() -> Option<Request> {
    NOW.with(|now| now.borrow().last().cloned())
}
pub fn rename(user: &str) -> bool {
    NOW.with(|now| match now.borrow_mut().last_mut() {
        Some(request) => {
            request.user = user.to_string();
            true
        }
        None => false,
    })
}
