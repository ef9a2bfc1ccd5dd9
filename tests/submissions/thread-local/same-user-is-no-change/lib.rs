//! `rename` says that there is no request when the user has that name already.

use std::cell::RefCell;
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}
thread_local! { static NOW: RefCell<Vec<Request>> = const { RefCell::new(Vec::new()) }; }
struct Unbind;
impl Drop for Unbind {
    fn drop(&mut self) {
        NOW.with(|now| {
            now.borrow_mut().pop();
        });
    }
}
pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    NOW.with(|now| now.borrow_mut().push(request.clone()));
    let _unbind = Unbind;
    body()
}
pub fn current() -> Option<Request> {
    NOW.with(|now| now.borrow().last().cloned())
}
pub fn rename(user: &str) -> bool {
    NOW.with(|now| match now.borrow_mut().last_mut() {
        Some(request) if request.user == user => false,
        Some(request) => {
            request.user = user.to_string();
            true
        }
        None => false,
    })
}
