/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who.
    pub user: String,
    /// Which.
    pub number: u32,
}

use std::cell::RefCell;
thread_local! { static STACK: RefCell<([Option<Request>; 32], usize)> = const { RefCell::new(([const { None }; 32], 0)) }; }
struct Pop;
impl Drop for Pop {
    fn drop(&mut self) {
        STACK.with_borrow_mut(|(_, depth)| *depth -= 1);
    }
}
/// Bind.
pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    STACK.with_borrow_mut(|(stack, depth)| {
        stack[*depth % 32] = Some(request);
        *depth += 1;
    });
    let _pop = Pop;
    body()
}
/// Current.
pub fn current() -> Option<Request> {
    STACK.with_borrow(
        |(stack, depth)| if *depth == 0 { None } else { stack[(depth - 1) % 32].clone() },
    )
}
/// Rename.
pub fn rename(user: &str) -> bool {
    STACK.with_borrow_mut(|(stack, depth)| {
        if *depth == 0 {
            return false;
        }
        match &mut stack[(*depth - 1) % 32] {
            Some(request) => {
                request.user = user.to_owned();
                true
            }
            None => false,
        }
    })
}
