//! [`std::sync::atomic`] under the explorer.
//!
//! Every operation is a scheduling point and takes effect at once for all threads. What weak
//! memory orderings allow beyond that is explored under rules of its own, see
//! [`weak`](crate::engine::weak).

use std::fmt;
use std::panic::Location;
use std::sync::atomic as real;
pub use std::sync::atomic::Ordering;

use crate::engine::object::Meeting;
use crate::engine::{
    Kind, Object, ObjectId, Place, Run, afterwards, fails_without_cause, pick, weak_point, with_run,
};

/// An ordering constraint without an access.
#[track_caller]
pub fn fence(ordering: Ordering) {
    weak_point(Location::caller(), |_| format!("fence: {ordering:?}"));
    with_run(|run| run.fences(ordering));
}

/// A constraint on the compiler alone.
pub fn compiler_fence(ordering: Ordering) {
    real::compiler_fence(ordering);
}

/// The old name of [`std::hint::spin_loop`].
#[deprecated(since = "1.51.0", note = "use hint::spin_loop instead")]
#[track_caller]
pub fn spin_loop_hint() {
    crate::hint::spin_loop();
}

fn meet(object: &Object) -> Option<(ObjectId, Meeting)> {
    with_run(|run| object.meet(run))
}

fn announce(object: ObjectId, at: Place, verb: &str) {
    weak_point(at, |run| format!("{verb} {}", run.object_name(object)));
}

/// A value as an interleaving shows it: the same in each run.
trait Show {
    fn show(&self) -> String;
}

impl<T> Show for *mut T {
    fn show(&self) -> String {
        if self.is_null() { "null" } else { "a pointer" }.to_owned()
    }
}

macro_rules! show {
    ($($type:ty)*) => {
        $(
            impl Show for $type {
                fn show(&self) -> String {
                    self.to_string()
                }
            }
        )*
    };
}

show! { bool u8 u16 u32 u64 usize i8 i16 i32 i64 isize }

/// Adds what came of the running thread's last operation to its description.
fn tell(result: impl FnOnce() -> String) {
    with_run(|run| run.complete(result));
    afterwards();
}

/// What came of an exchange.
fn outcome<T: Show>(current: T, new: T, result: Result<T, T>) -> String {
    match result {
        Ok(_) => format!(": {} becomes {}", current.show(), new.show()),
        Err(seen) => format!(": not {} but {}", current.show(), seen.show()),
    }
}

/// Which of the last values of an atomic a load gives: 0 for the latest.
fn age(object: ObjectId, order: Ordering) -> usize {
    let readable = with_run(|run| {
        run.uses.weak |= order != Ordering::SeqCst;
        run.readable(object, order)
    });
    pick(readable.unwrap_or(1))
}

/// A value as a number, and back.
trait Bits {
    fn to_bits(self) -> u64;
    fn of_bits(bits: u64) -> Self;
}

impl<T> Bits for *mut T {
    fn to_bits(self) -> u64 {
        self.expose_provenance() as u64
    }

    fn of_bits(bits: u64) -> Self {
        std::ptr::with_exposed_provenance_mut(bits as usize)
    }
}

impl Bits for bool {
    fn to_bits(self) -> u64 {
        u64::from(self)
    }

    fn of_bits(bits: u64) -> Self {
        bits != 0
    }
}

macro_rules! bits {
    ($($type:ty)*) => {
        $(
            impl Bits for $type {
                fn to_bits(self) -> u64 {
                    self as u64
                }

                fn of_bits(bits: u64) -> Self {
                    bits as Self
                }
            }
        )*
    };
}

bits! { u8 u16 u32 u64 usize i8 i16 i32 i64 isize }

/// Panics as std does for an ordering that a failed exchange cannot have.
fn check_orderings(success: Ordering, failure: Ordering) {
    let _ = real::AtomicU8::new(0).compare_exchange(0, 0, success, failure);
}

macro_rules! atomic {
    ($name:ident, $value:ty $(, $parameter:ident)?) => {
        #[doc = concat!("[`std::sync::atomic::", stringify!($name), "`] under the explorer.")]
        ///
        /// The value comes first: some code casts a pointer to an atomic to one to its value.
        #[repr(C)]
        pub struct $name $(<$parameter>)? {
            value: real::$name $(<$parameter>)?,
            object: Object,
            /// What a static is put back to before each schedule.
            first: $value,
        }

        impl $(<$parameter>)? $name $(<$parameter>)? {
            /// An atomic that holds `value`.
            #[track_caller]
            pub const fn new(value: $value) -> Self {
                let object = Object::new(Kind::Atomic(stringify!($name)), Location::caller());
                Self { object, value: real::$name::new(value), first: value }
            }

            /// The value, without a scheduling point: nobody else can have a reference.
            pub fn get_mut(&mut self) -> &mut $value {
                self.meet();
                self.value.get_mut()
            }

            /// The value.
            pub fn into_inner(self) -> $value {
                self.meet();
                self.value.into_inner()
            }

            /// The address of the value, as for foreign functions.
            pub const fn as_ptr(&self) -> *mut $value {
                self.value.as_ptr()
            }

            /// The value.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                let latest = self.step(Location::caller(), "loads", |value| value.load(order));
                let Some(object) = self.meet() else { return latest };
                let age = age(object, order);
                let read = with_run(|run| run.reads(object, age, order)).flatten();
                let value = read.map_or(latest, Bits::of_bits);
                tell(|| match age {
                    0 => format!(": {}", value.show()),
                    _ => format!(": {}, though it is {} now", value.show(), latest.show()),
                });
                value
            }

            /// Replaces the value.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                self.step(Location::caller(), "stores to", |atomic| atomic.store(value, order));
                self.note(|run, object| run.stores(object, value.to_bits(), order));
                tell(|| format!(": {}", value.show()));
            }

            /// Replaces the value and returns the old one.
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                let old = self.step(Location::caller(), "swaps", |atomic| atomic.swap(value, order));
                self.updated(order);
                tell(|| format!(": {} for {}", old.show(), value.show()));
                old
            }

            /// Replaces the value if it is `current`; returns the old one.
            #[deprecated(
                since = "1.50.0",
                note = "use `compare_exchange` or `compare_exchange_weak` instead"
            )]
            #[track_caller]
            pub fn compare_and_swap(
                &self,
                current: $value,
                new: $value,
                order: Ordering,
            ) -> $value {
                match self.exchange(Location::caller(), current, new, (order, order)) {
                    Ok(old) | Err(old) => old,
                }
            }

            /// Replaces the value if it is `current`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                check_orderings(success, failure);
                self.exchange(Location::caller(), current, new, (success, failure))
            }

            /// As [`Self::compare_exchange`], but where the exploration tries that it may fail
            /// without a cause.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                check_orderings(success, failure);
                let mut refused = false;
                let result = self.step(Location::caller(), "compare_exchange_weak on", |atomic| {
                    let seen = atomic.load(Ordering::SeqCst);
                    refused = seen == current && fails_without_cause();
                    if refused {
                        return Err(seen);
                    }
                    atomic.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
                });
                self.exchanged(result.is_ok(), (success, failure));
                tell(|| match refused {
                    true => ": fails without a cause, which std allows".to_owned(),
                    false => outcome(current, new, result),
                });
                result
            }

            /// Replaces the value by what `f` makes of it, and returns the old one.
            #[track_caller]
            pub fn update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut f: impl FnMut($value) -> $value,
            ) -> $value {
                match self.fetch_update(set, fetch, |value| Some(f(value))) {
                    Ok(old) | Err(old) => old,
                }
            }

            /// As [`Self::fetch_update`].
            #[track_caller]
            pub fn try_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.fetch_update(set, fetch, f)
            }

            /// Replaces the value by what `f` makes of it, until no one came between.
            #[track_caller]
            pub fn fetch_update<F: FnMut($value) -> Option<$value>>(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut f: F,
            ) -> Result<$value, $value> {
                let at = Location::caller();
                check_orderings(set, fetch);
                let mut seen = self.step(at, "loads", |atomic| atomic.load(fetch));
                self.exchanged(false, (set, fetch));
                tell(|| format!(": {}", seen.show()));
                while let Some(next) = f(seen) {
                    match self.exchange(at, seen, next, (set, fetch)) {
                        Ok(old) => return Ok(old),
                        Err(other) => seen = other,
                    }
                }
                Err(seen)
            }

            /// With the orderings of a success and of a failure.
            fn exchange(
                &self,
                at: Place,
                current: $value,
                new: $value,
                orders: (Ordering, Ordering),
            ) -> Result<$value, $value> {
                let result = self.step(at, "compare_exchange on", |atomic| {
                    atomic.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
                });
                self.exchanged(result.is_ok(), orders);
                tell(|| outcome(current, new, result));
                result
            }

            fn step<R>(
                &self,
                at: Place,
                verb: &str,
                operation: impl FnOnce(&real::$name $(<$parameter>)?) -> R,
            ) -> R {
                if let Some(object) = self.meet() {
                    announce(object, at, verb);
                }
                let before = self.value.load(Ordering::Relaxed);
                let address = std::ptr::from_ref(self).addr();
                self.note(|run, object| run.finds(object, address, before.to_bits()));
                let result = operation(&self.value);
                if self.value.load(Ordering::Relaxed) != before {
                    with_run(Run::changes);
                }
                result
            }

            fn note(&self, note: impl FnOnce(&mut Run, ObjectId)) {
                if let Some(object) = self.meet() {
                    with_run(|run| note(run, object));
                }
            }

            /// Notes that the latest value was made out of the one before.
            fn updated(&self, order: Ordering) {
                let value = self.value.load(Ordering::Relaxed);
                self.note(|run, object| run.updates(object, value.to_bits(), order));
            }

            fn exchanged(&self, replaced: bool, (success, failure): (Ordering, Ordering)) {
                if replaced {
                    self.updated(success);
                } else {
                    self.note(|run, object| _ = run.reads(object, 0, failure));
                }
            }

            fn meet(&self) -> Option<ObjectId> {
                let (object, meeting) = meet(&self.object)?;
                if meeting == Meeting::LeftOver {
                    self.value.store(self.first, Ordering::SeqCst);
                }
                Some(object)
            }
        }

        impl $(<$parameter>)? fmt::Debug for $name $(<$parameter>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.meet();
                fmt::Debug::fmt(&self.value, f)
            }
        }

        impl $(<$parameter>)? From<$value> for $name $(<$parameter>)? {
            #[track_caller]
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }
    };
}

macro_rules! fetch {
    ($value:ty: $($method:ident)*) => {
        $(
            #[doc = concat!("As [`std::sync::atomic::AtomicUsize::", stringify!($method), "`].")]
            #[track_caller]
            pub fn $method(&self, value: $value, order: Ordering) -> $value {
                let verb = concat!(stringify!($method), " on");
                let old = self.step(Location::caller(), verb, |atomic| atomic.$method(value, order));
                self.updated(order);
                tell(|| format!(": {} with {}", old.show(), value.show()));
                old
            }
        )*
    };
}

macro_rules! integers {
    ($($name:ident $value:ty;)*) => {
        $(
            atomic!($name, $value);

            impl $name {
                fetch!($value: fetch_add fetch_sub fetch_and fetch_nand fetch_or fetch_xor
                    fetch_max fetch_min);
            }

            impl Default for $name {
                #[track_caller]
                fn default() -> Self {
                    Self::new(0)
                }
            }
        )*
    };
}

integers! {
    AtomicU8 u8; AtomicU16 u16; AtomicU32 u32; AtomicU64 u64; AtomicUsize usize;
    AtomicI8 i8; AtomicI16 i16; AtomicI32 i32; AtomicI64 i64; AtomicIsize isize;
}

atomic!(AtomicBool, bool);

impl AtomicBool {
    fetch!(bool: fetch_and fetch_nand fetch_or fetch_xor);

    /// Negates the value and returns the old one.
    #[track_caller]
    pub fn fetch_not(&self, order: Ordering) -> bool {
        let old = self.step(Location::caller(), "negates", |atomic| atomic.fetch_not(order));
        self.updated(order);
        tell(|| format!(": {old}"));
        old
    }
}

impl Default for AtomicBool {
    #[track_caller]
    fn default() -> Self {
        Self::new(false)
    }
}

atomic!(AtomicPtr, *mut T, T);

macro_rules! fetch_pointer {
    ($($method:ident)*) => {
        $(
            #[doc = concat!("As [`std::sync::atomic::AtomicPtr::", stringify!($method), "`].")]
            #[track_caller]
            pub fn $method(&self, value: usize, order: Ordering) -> *mut T {
                let verb = concat!(stringify!($method), " on");
                let old = self.step(Location::caller(), verb, |atomic| atomic.$method(value, order));
                self.updated(order);
                tell(|| format!(": {} with {}", old.show(), value.show()));
                old
            }
        )*
    };
}

impl<T> AtomicPtr<T> {
    fetch_pointer!(fetch_ptr_add fetch_ptr_sub fetch_byte_add fetch_byte_sub fetch_and fetch_or
        fetch_xor);
}

impl<T> Default for AtomicPtr<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(std::ptr::null_mut())
    }
}

#[expect(unsafe_code, reason = "a raw pointer beside an AtomicPtr")]
// SAFETY: `first` is only ever copied, as the real `AtomicPtr` copies its own pointer.
unsafe impl<T> Send for AtomicPtr<T> {}
#[expect(unsafe_code, reason = "a raw pointer beside an AtomicPtr")]
// SAFETY: as above; the threads of a schedule are coroutines on one thread.
unsafe impl<T> Sync for AtomicPtr<T> {}
