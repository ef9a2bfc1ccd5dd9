//! `LazyLock`.

use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use super::OnceLock;
use crate::engine::Place;

/// [`std::sync::LazyLock`] under the explorer.
pub struct LazyLock<T, F = fn() -> T> {
    cell: OnceLock<T>,
    make: Make<F>,
}

/// The function that makes the value. A static needs it again in the next schedule, so it is
/// copied bit by bit when it is called; it is never dropped after that.
struct Make<F>(Cell<Option<ManuallyDrop<F>>>);

#[expect(unsafe_code, reason = "the function is called by one thread at a time")]
// SAFETY: only the thread that fills the cell touches the function, and the threads of a
// schedule are coroutines on one thread of the operating system.
unsafe impl<F: Send> Sync for Make<F> {}
impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}
impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for LazyLock<T, F> {}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// A value that `make` makes when it is first looked at.
    #[track_caller]
    pub const fn new(make: F) -> Self {
        let make = Some(ManuallyDrop::new(make));
        Self { cell: OnceLock::new(), make: Make(Cell::new(make)) }
    }

    /// The value, made now if it was not made before.
    #[track_caller]
    pub fn force(this: &Self) -> &T {
        this.force_at(Location::caller())
    }

    /// The value, made now if it was not made before, to be changed.
    #[track_caller]
    pub fn force_mut(this: &mut Self) -> &mut T {
        this.force_at(Location::caller());
        this.cell.get_mut().expect("the call above has set it")
    }

    fn force_at(&self, at: Place) -> &T {
        self.cell.init_at(at, || Some(self.make.call()));
        self.cell.peek().expect("the call above has set it")
    }
}

impl<T, F> LazyLock<T, F> {
    /// The value, if it was made already.
    #[track_caller]
    pub fn get(this: &Self) -> Option<&T> {
        this.cell.get()
    }

    /// The value, if it was made already, to be changed.
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        this.cell.get_mut()
    }
}

impl<F> Make<F> {
    #[expect(unsafe_code, reason = "a static's function is called once per schedule")]
    fn call<T>(&self) -> T
    where
        F: FnOnce() -> T,
    {
        let make = self.0.take().expect("the LazyLock instance has previously been poisoned");
        // SAFETY: the bits that stay behind are only used by a later schedule, for a static,
        // whose function was made by the compiler and owns nothing.
        let again = unsafe { std::ptr::read(&raw const make) };
        let value = ManuallyDrop::into_inner(make)();
        self.0.set(Some(again));
        value
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        self.force_at(Location::caller())
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        Self::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_tuple("LazyLock");
        match self.cell.peek() {
            Some(value) => debug.field(value),
            None => debug.field(&format_args!("<uninit>")),
        };
        debug.finish()
    }
}
