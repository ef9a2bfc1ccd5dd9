//! A bounded queue between threads: first in, first out.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A queue that threads share. Items come out in the order in which they went in.
pub struct Queue<T> {
    /// None for a queue without a bound.
    maxsize: Option<usize>,
    state: Mutex<State<T>>,
    // One for each reason to sleep. Whoever is woken by `notify_one` waits for just what
    // happened; on a shared one the notification may go to somebody whom it does not help.
    coming: std::sync::atomic::AtomicUsize,
    not_empty: Condvar,
    not_full: Condvar,
    all_done: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    /// Items that were put in and are not done: those inside and those under way.
    unfinished: usize,
}

impl<T> Queue<T> {
    /// An empty queue that holds at most `maxsize` items; without a bound if it is 0 or less.
    pub fn new(maxsize: i64) -> Queue<T> {
        Queue {
            maxsize: usize::try_from(maxsize).ok().filter(|&maxsize| maxsize > 0),
            state: Mutex::new(State { items: VecDeque::new(), unfinished: 0 }),
            coming: std::sync::atomic::AtomicUsize::new(0),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            all_done: Condvar::new(),
        }
    }

    /// Puts `item` in at the end; sleeps while the queue is full.
    pub fn put(&self, item: T) {
        self.coming.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let is_full =
            |state: &mut State<T>| self.maxsize.is_some_and(|maxsize| state.items.len() >= maxsize);
        // The guard under which there was room is the one under which the item goes in.
        let state = self.not_full.wait_while(self.state(), is_full);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.items.push_back(item);
        state.unfinished += 1;
        // One item serves one consumer.
        self.not_empty.notify_one();
    }

    /// Takes the first item out; sleeps while there is none.
    pub fn get(&self) -> T {
        let mut state = self.state();
        loop {
            if let Some(item) = state.items.pop_front() {
                self.coming.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                self.not_full.notify_one();
                return item;
            }
            state = self.not_empty.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How many items are inside at this moment.
    pub fn len(&self) -> usize {
        self.coming.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says that an item that was taken out is done.
    pub fn task_done(&self) {
        let mut state = self.state();
        state.unfinished = state.unfinished.checked_sub(1).expect("task_done: nothing was left");
        if state.unfinished == 0 {
            // Everybody who joins waits for the same thing.
            self.all_done.notify_all();
        }
    }

    /// Sleeps until every item that was put in is done.
    pub fn join(&self) {
        let state = self.all_done.wait_while(self.state(), |state| state.unfinished > 0);
        drop(state.unwrap_or_else(PoisonError::into_inner));
    }

    /// A panic of `task_done` changes nothing, so poison is no reason to stop.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
