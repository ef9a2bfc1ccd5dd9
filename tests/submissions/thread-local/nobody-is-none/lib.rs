//! The request that a thread is working on, without handing it through every call.

use std::cell::RefCell;

/// What a server works on for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asked.
    pub user: String,
    /// Which request of that user.
    pub number: u32,
}

thread_local! {
    /// One for each thread, made when the thread first looks. No lock: nobody else can get at
    /// it. A `RefCell`, since all we ever get is a shared reference.
    static CURRENT: RefCell<Option<Request>> = const { RefCell::new(None) };
}

/// Puts back what was bound before, whichever way the body is left.
struct Binding {
    before: Option<Request>,
}

impl Drop for Binding {
    fn drop(&mut self) {
        CURRENT.set(self.before.take());
    }
}

/// Binds `request` to the running thread while `body` runs; returns what `body` returns.
pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    // Named, not `_`: that would drop it at once.
    let _binding = Binding { before: CURRENT.replace(Some(request)) };
    // Not inside `CURRENT.with_borrow(...)`: the body looks and binds itself, and a cell
    // that is borrowed for writing while it is borrowed for reading panics.
    body()
}

/// The request that is bound to the running thread; none if there is none.
pub fn current() -> Option<Request> {
    // A clone: a reference must not leave the thread, and the compiler sees to that.
    CURRENT.with_borrow(Clone::clone).filter(|request| !request.user.is_empty())
}

/// Changes the user of the request that is bound to the running thread, and says whether there is one.
pub fn rename(user: &str) -> bool {
    CURRENT.with_borrow_mut(|current| match current {
        Some(request) => {
            user.clone_into(&mut request.user);
            true
        }
        None => false,
    })
}
