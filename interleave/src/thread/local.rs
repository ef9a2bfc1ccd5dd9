use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;

use crate::engine::with_run;

/// [`std::thread::LocalKey`] under the explorer: one value per thread of a schedule.
pub struct LocalKey<T: 'static> {
    make: fn() -> T,
}

/// The value was destroyed already.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessError;

impl fmt::Debug for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessError").finish()
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("already destroyed")
    }
}

impl std::error::Error for AccessError {}

thread_local! {
    /// Values that were made outside of an exploration.
    static OUTSIDE: RefCell<Vec<(usize, Box<dyn Any>)>> = const { RefCell::new(Vec::new()) };
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn __new(make: fn() -> T) -> Self {
        Self { make }
    }

    /// Looks at the running thread's value, which is made if there is none.
    ///
    /// # Panics
    ///
    /// If it was destroyed already.
    pub fn with<F: FnOnce(&T) -> R, R>(&'static self, f: F) -> R {
        self.try_with(f)
            .expect("cannot access a Thread Local Storage value during or after destruction")
    }

    /// As [`LocalKey::with`].
    ///
    /// # Errors
    ///
    /// If the value was destroyed already.
    pub fn try_with<F: FnOnce(&T) -> R, R>(&'static self, f: F) -> Result<R, AccessError> {
        let value = match self.find()? {
            Some(value) => value,
            None => {
                keep(self.key(), Box::new((self.make)()));
                self.find()?.ok_or(AccessError)?
            }
        };
        #[expect(unsafe_code, reason = "the value is boxed and lives as long as its thread")]
        // SAFETY: what lies under the key of this static is a `T`, and its box is dropped at the
        // end of the thread, which runs this very code.
        Ok(f(unsafe { &*value }))
    }

    fn key(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The running thread's value; none if it was not made yet.
    fn find(&'static self) -> Result<Option<*const T>, AccessError> {
        Ok(find(self.key())?.map(|value| value.cast()))
    }
}

/// The running thread's value under `key`; none if it was not made yet.
fn find(key: usize) -> Result<Option<*const ()>, AccessError> {
    let pointer = |value: &Box<dyn Any>| std::ptr::from_ref::<dyn Any>(&**value).cast::<()>();
    let inside = with_run(|run| {
        let slot = run.me().locals.iter().find(|(other, _)| *other == key);
        slot.map(|(_, value)| value.as_ref().map(pointer))
    });
    match inside {
        Some(Some(None)) => Err(AccessError),
        Some(found) => Ok(found.flatten()),
        None => OUTSIDE
            .try_with(|values| {
                let values = values.borrow();
                values.iter().find(|(other, _)| *other == key).map(|(_, value)| pointer(value))
            })
            .map_err(|_| AccessError),
    }
}

fn keep(key: usize, made: Box<dyn Any>) {
    let mut made = Some(made);
    with_run(|run| run.me().locals.push((key, made.take())));
    if let Some(made) = made {
        let _ = OUTSIDE.try_with(|values| values.borrow_mut().push((key, made)));
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Replaces the value.
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// Copies the value.
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes the value and leaves the default.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Replaces the value and returns the old one.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Looks at what the cell holds.
    pub fn with_borrow<F: FnOnce(&T) -> R, R>(&'static self, f: F) -> R {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Changes what the cell holds.
    pub fn with_borrow_mut<F: FnOnce(&mut T) -> R, R>(&'static self, f: F) -> R {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Replaces the value.
    pub fn set(&'static self, value: T) {
        self.with(|cell| *cell.borrow_mut() = value);
    }

    /// Takes the value and leaves the default.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Replaces the value and returns the old one.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}
