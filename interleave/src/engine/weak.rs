//! What memory orderings weaker than `SeqCst` let a thread see: the rule `w` of a schedule.
//!
//! An atomic keeps what was stored in it. A thread reads the latest of that, or any earlier one
//! that nothing has put behind it: no later one was read by it before, and none happened before
//! what it does. What happened before is kept as in the C++20 model that Rust's is taken from:
//! who reads with `Acquire` what was stored with `Release` gets all that the storing thread had
//! seen; an update hands on what the store before it handed on; fences count for the relaxed
//! accesses around them.
//!
//! Nothing is shown that could not happen. Stores take effect in the order in which they are
//! executed, `SeqCst` loads and all updates read the latest value, and every other operation of
//! the model - locks, threads, channels - shows its thread all that was stored before. The last
//! is more than real ones promise, so some mistakes beside them stay unseen.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::{ObjectId, Run};

/// How often loads of one schedule may give an older value: otherwise who looks again and again
/// might never see the latest.
pub(super) const OLDER: u32 = 5;

/// Stores that are kept of one atomic.
const KEPT: usize = 32;

/// What of all stores, numbered as they came, a thread has behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// All up to this one.
    all: u64,
    /// Of single atomics all up to a later one.
    of: BTreeMap<ObjectId, u64>,
}

impl View {
    /// All up to the store of this number.
    pub(super) fn up_to(all: u64) -> Self {
        Self { all, of: BTreeMap::new() }
    }

    fn join(&mut self, other: &Self) {
        self.all = self.all.max(other.all);
        for (&object, &store) in &other.of {
            self.see(object, store);
        }
    }

    fn see(&mut self, object: ObjectId, store: u64) {
        let seen = self.of.entry(object).or_default();
        *seen = store.max(*seen);
    }

    fn last_of(&self, object: ObjectId) -> u64 {
        self.of.get(&object).map_or(self.all, |&store| store.max(self.all))
    }
}

/// One value that an atomic has had.
#[derive(Clone, Debug)]
struct Store {
    bits: u64,
    number: u64,
    /// What who acquires it gets to see.
    released: View,
}

/// What was stored in one atomic, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Where the atomic was.
    address: usize,
    stores: Vec<Store>,
}

/// What a thread knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Knowledge {
    pub(super) view: View,
    /// What it would know if all of its relaxed loads had been acquiring ones: a fence makes
    /// them so.
    acquirable: View,
    /// What its relaxed stores hand on: what it knew at its last releasing fence.
    fenced: View,
}

fn acquires(order: Ordering) -> bool {
    matches!(order, Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst)
}

fn releases(order: Ordering) -> bool {
    matches!(order, Ordering::Release | Ordering::AcqRel | Ordering::SeqCst)
}

impl Run {
    /// Shows the running thread all that was stored so far.
    pub(crate) fn sees_all(&mut self) {
        if self.rules().weak {
            let all = self.stores;
            self.me().knows.view = View::up_to(all);
        }
    }

    /// What the model knows of an atomic, which holds `bits` now.
    ///
    /// One that was moved, or written without the model, has had its thread to itself meanwhile:
    /// what it had before cannot be seen any more.
    pub(crate) fn finds(&mut self, object: ObjectId, address: usize, bits: u64) {
        if !self.rules().weak {
            return;
        }
        let number = self.stores;
        let History { address: before, stores } = &mut self.objects[object].history;
        if *before != address || stores.last().is_none_or(|store| store.bits != bits) {
            *before = address;
            *stores = vec![Store { bits, number, released: View::default() }];
        }
    }

    /// How many of the last values of an atomic the running thread may read.
    pub(crate) fn readable(&self, object: ObjectId, order: Ordering) -> usize {
        if !self.rules().weak || order == Ordering::SeqCst || self.older_left == 0 {
            return 1;
        }
        let seen = self.tasks[self.current].knows.view.last_of(object);
        let stores = &self.objects[object].history.stores;
        1 + stores[1..].iter().filter(|store| store.number > seen).count()
    }

    /// Lets the running thread read the value before the last `older` ones.
    pub(crate) fn reads(&mut self, object: ObjectId, older: usize, order: Ordering) -> Option<u64> {
        if !self.rules().weak {
            return None;
        }
        self.older_left -= u32::from(older > 0);
        let stores = &self.objects[object].history.stores;
        let Store { bits, number, released } = stores.iter().nth_back(older)?.clone();
        let knows = &mut self.me().knows;
        knows.view.see(object, number);
        knows.acquirable.join(&released);
        if acquires(order) {
            knows.view.join(&released);
        }
        Some(bits)
    }

    /// Notes a store by the running thread.
    pub(crate) fn stores(&mut self, object: ObjectId, bits: u64, order: Ordering) {
        self.keep(object, bits, order, View::default());
    }

    /// Notes that the running thread replaced the latest value by what it made of it.
    pub(crate) fn updates(&mut self, object: ObjectId, bits: u64, order: Ordering) {
        self.reads(object, 0, order);
        let last = self.objects[object].history.stores.last();
        let handed_on = last.map(|store| store.released.clone()).unwrap_or_default();
        self.keep(object, bits, order, handed_on);
    }

    fn keep(&mut self, object: ObjectId, bits: u64, order: Ordering, mut released: View) {
        if !self.rules().weak {
            return;
        }
        self.stores += 1;
        let number = self.stores;
        let knows = &mut self.me().knows;
        knows.view.see(object, number);
        released.join(if releases(order) { &knows.view } else { &knows.fenced });
        let stores = &mut self.objects[object].history.stores;
        if stores.len() == KEPT {
            stores.remove(0);
        }
        stores.push(Store { bits, number, released });
    }

    /// Notes a fence of the running thread.
    pub(crate) fn fences(&mut self, order: Ordering) {
        if order == Ordering::SeqCst {
            self.sees_all();
        }
        let knows = &mut self.me().knows;
        if acquires(order) {
            let acquirable = std::mem::take(&mut knows.acquirable);
            knows.view.join(&acquirable);
        }
        if releases(order) {
            knows.fenced = knows.view.clone();
        }
    }
}
