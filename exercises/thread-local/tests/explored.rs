//! What a binding promises under every schedule.
//!
//! `src/lib.rs` is compiled a second time here, unchanged, against a look-alike of
//! std. Each test below runs again and again, and each time the threads take their
//! steps in another order: not luck decides which orders are tried.

#[macro_use]
extern crate interleave as std;

#[path = "../src/lib.rs"]
mod student;

// `crate::` in the student's file means this file.
pub use student::*;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::{self, Builder};

fn request(user: &str, number: u32) -> Request {
    Request { user: user.to_owned(), number }
}

#[test]
fn no_schedule_mixes_up_two_requests() {
    // Both threads have the same name, which is allowed.
    let worker = Builder::new().name("worker".to_owned());
    let other = worker.spawn(|| {
        with_request(request("bob", 2), || {
            thread::yield_now();
            let seen = current();
            let renamed = rename("BOB");
            (seen, renamed, current())
        })
    });
    let worker = Builder::new().name("worker".to_owned());
    let this = worker.spawn(|| {
        with_request(request("ada", 1), || {
            // The end of a binding inside is not the end of this one.
            with_request(request("ada", 3), || ());
            thread::yield_now();
            current()
        })
    });
    let bob = (Some(request("bob", 2)), true, Some(request("BOB", 2)));
    assert_eq!(other.unwrap().join().unwrap(), bob, "bob's thread sees bob's request");
    assert_eq!(this.unwrap().join().unwrap(), Some(request("ada", 1)), "and ada's sees ada's");
}

#[test]
fn no_schedule_touches_the_main_threads_request() {
    let seen = with_request(request("admin", 0), || {
        let worker = thread::spawn(|| with_request(request("bob", 2), || rename("BOB")));
        let before = current();
        worker.join().unwrap();
        (before, current())
    });
    let admin = Some(request("admin", 0));
    assert_eq!(seen, (admin.clone(), admin), "what another thread binds is its own");
    assert_eq!(current(), None, "nothing is bound any more");
}

#[test]
fn a_new_thread_has_no_request() {
    let seen = (current(), rename("nobody"), current());
    assert_eq!(seen, (None, false, None), "nothing is bound at first, and a name binds nothing");
    let seen = with_request(request("admin", 0), || {
        thread::spawn(|| (current(), rename("nobody"))).join().unwrap()
    });
    assert_eq!(seen, (None, false), "a thread inherits nothing");
}

#[test]
fn what_was_bound_before_is_bound_again() {
    let seen = with_request(request("ada", 1), || {
        let inner = with_request(request("bob", 2), || {
            rename("BOB");
            current()
        });
        (inner, current())
    });
    assert_eq!(seen, (Some(request("BOB", 2)), Some(request("ada", 1))));
    assert_eq!(current(), None, "nothing was bound before the first");
    let outer = with_request(request("ada", 1), || {
        let renamed = rename("ADA");
        with_request(request("bob", 2), || ());
        (renamed, current())
    });
    assert_eq!(
        outer,
        (true, Some(request("ADA", 1))),
        "a new user stays, whatever was bound inside"
    );
    let twice = with_request(request("ada", 1), || {
        let inner = with_request(request("ada", 1), || (rename("ADA"), rename("ADA"), current()));
        (inner, current())
    });
    let inner = (true, true, Some(request("ADA", 1)));
    assert_eq!(twice, (inner, Some(request("ada", 1))), "bound twice is not bound once");
    assert_eq!(nested(300), 300, "each of many requests is bound again");
    with_request(request("chen", 3), || ());
    assert_eq!(current(), None, "nor before the last");
    let nobody = with_request(request("", 4), current);
    assert_eq!(nobody, Some(request("", 4)), "a request of a user without a name is one, too");
    let renamed = with_request(request("dora", 5), || (rename(""), current()));
    assert_eq!(renamed, (true, Some(request("", 5))), "and so it is when it was renamed");
    let odd = " jean-paul, 7:8/9\n";
    let seen = with_request(request(odd, u32::MAX), || (current(), rename(odd), current()));
    let bound = Some(request(odd, u32::MAX));
    assert_eq!(seen, (bound.clone(), true, bound), "any text is a user");
}

/// Binds so many requests, one inside of the other; how many were as they should be.
fn nested(depth: u32) -> usize {
    if depth == 0 {
        return 0;
    }
    let mine = request("ada", depth);
    with_request(mine.clone(), || nested(depth - 1) + usize::from(current() == Some(mine)))
}

#[test]
fn a_panic_unbinds_too() {
    let told = |text| with_request(request("bob", 2), || resume_unwind(Box::new(text)));
    let after = with_request(request("ada", 1), || (panics_with(|| told("told to")), current()));
    assert_eq!(
        after,
        (Some("told to"), Some(request("ada", 1))),
        "this very panic comes out, bob's request is gone"
    );
    let number = || with_request(request("chen", 3), || resume_unwind(Box::new(7)));
    let after = (panics_with(number), current());
    assert_eq!(after, (Some(7), None), "no text either, and nothing was bound before");
    let (inner, outer) = with_request(request("ada", 1), || {
        let inner = with_request(request("bob", 2), || (panics_with(number), current()));
        (inner, current())
    });
    assert_eq!(inner, (Some(7), Some(request("bob", 2))), "bob's request is bound again");
    assert_eq!(outer, Some(request("ada", 1)), "then ada's");
    let two = || with_request(request("bob", 2), number);
    let after = with_request(request("ada", 1), || (panics_with(two), current()));
    assert_eq!(after, (Some(7), Some(request("ada", 1))), "one panic ended two bindings");
    let renames = || {
        rename("BOB");
        resume_unwind(Box::new(7))
    };
    let (before, panic, after) = with_request(request("ada", 1), || {
        rename("ADA");
        (current(), panics_with(|| with_request(request("bob", 2), renames)), current())
    });
    assert_eq!((panic, after), (Some(7), before), "ada's new user stays, bob's is gone");
    // The values of a body are dropped inside of it, also by a panic.
    let seen = Cell::new([const { None }; 3]);
    let drops = || {
        let _last = LooksWhenDropped { seen: &seen };
        resume_unwind(Box::new(7))
    };
    let panic = panics_with(|| with_request(request("bob", 2), drops));
    let chen = Some(request("chen", 3));
    let bob = Some(request("bob", 2));
    assert_eq!(panic, Some(7), "a value that was dropped has used requests, too");
    assert_eq!(seen.take(), [bob.clone(), chen, bob], "what a value saw that the panic dropped");
    assert_eq!(current(), None, "and then nothing is bound");
}

/// When it is dropped: the request before, inside and after a binding.
struct LooksWhenDropped<'a> {
    seen: &'a Cell<[Option<Request>; 3]>,
}

impl Drop for LooksWhenDropped<'_> {
    fn drop(&mut self) {
        let before = current();
        self.seen.set([before, with_request(request("chen", 3), current), current()]);
    }
}

/// What came out of `body` as a panic, if it is a `T`.
fn panics_with<T: Copy + 'static>(body: impl FnOnce()) -> Option<T> {
    let panic = catch_unwind(AssertUnwindSafe(body)).err()?;
    panic.downcast_ref().copied()
}
