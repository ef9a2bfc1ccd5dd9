//! A thread borrows a slot, and the end of each binding gives it back, that of an inner one too.

use std::cell::Cell;
use std::sync::Mutex;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

/// All slots of the process. A thread that binds gets one, and gives it back.
struct Slots {
    stacks: Vec<Vec<Request>>,
    free: Vec<usize>,
}

static SLOTS: Mutex<Slots> = Mutex::new(Slots { stacks: Vec::new(), free: Vec::new() });

thread_local! {
    static MY_SLOT: Cell<Option<usize>> = const { Cell::new(None) };
}

struct Binding {
    slot: usize,
}

impl Binding {
    fn new(request: Request) -> Binding {
        let mut slots = SLOTS.lock().unwrap();
        let slot = match MY_SLOT.get() {
            Some(slot) => slot,
            None => slots.free.pop().unwrap_or_else(|| {
                slots.stacks.push(Vec::new());
                slots.stacks.len() - 1
            }),
        };
        MY_SLOT.set(Some(slot));
        slots.stacks[slot].push(request);
        Binding { slot }
    }
}

impl Drop for Binding {
    fn drop(&mut self) {
        let mut slots = SLOTS.lock().unwrap();
        slots.stacks[self.slot].pop();
        if slots.stacks[self.slot].is_empty() {
            MY_SLOT.set(None);
        }
        slots.free.push(self.slot);
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let _binding = Binding::new(request);
    body()
}

pub fn current() -> Option<Request> {
    let slot = MY_SLOT.get()?;
    SLOTS.lock().unwrap().stacks[slot].last().cloned()
}

pub fn rename(user: &str) -> bool {
    let Some(slot) = MY_SLOT.get() else { return false };
    match SLOTS.lock().unwrap().stacks[slot].last_mut() {
        Some(request) => {
            request.user = user.into();
            true
        }
        None => false,
    }
}
