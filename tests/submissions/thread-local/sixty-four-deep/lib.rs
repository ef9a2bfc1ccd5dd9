use std::cell::{Cell, RefCell};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

const MAX_DEPTH: usize = 64;

thread_local! {
    static PLACES: RefCell<[Option<Request>; MAX_DEPTH]> = const { RefCell::new([const { None }; MAX_DEPTH]) };
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// The place of the binding at this depth.
fn place(depth: usize) -> usize {
    (depth - 1).min(MAX_DEPTH - 1)
}

struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        let depth = DEPTH.get();
        if depth <= MAX_DEPTH {
            PLACES.with_borrow_mut(|places| places[place(depth)] = None);
        }
        DEPTH.set(depth - 1);
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let depth = DEPTH.get() + 1;
    DEPTH.set(depth);
    PLACES.with_borrow_mut(|places| places[place(depth)] = Some(request));
    let _leave = Leave;
    body()
}

pub fn current() -> Option<Request> {
    match DEPTH.get() {
        0 => None,
        depth => PLACES.with_borrow(|places| places[place(depth)].clone()),
    }
}

pub fn rename(user: &str) -> bool {
    let depth = DEPTH.get();
    if depth == 0 {
        return false;
    }
    PLACES.with_borrow_mut(|places| match &mut places[place(depth)] {
        Some(request) => {
            request.user = user.to_owned();
            true
        }
        None => false,
    })
}
