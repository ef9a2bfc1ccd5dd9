use std::cell::RefCell;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

thread_local! {
    static CURRENT: RefCell<Option<Request>> = const { RefCell::new(None) };
}

struct Unbind(Option<Request>);
impl Drop for Unbind {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let _unbind = Unbind(CURRENT.replace(Some(request)));
    body()
}

pub fn current() -> Option<Request> {
    CURRENT.with_borrow(Clone::clone)
}

pub fn rename(user: &str) -> bool {
    CURRENT.with_borrow_mut(|current| {
        let there = current.is_some();
        let request = current.get_or_insert(Request { user: String::new(), number: 0 });
        request.user = user.to_owned();
        there
    })
}
