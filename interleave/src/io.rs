//! [`std::io`] under the explorer: what is written to standard output and standard error is
//! the schedule's own, as with `println!`.

pub use std::io::*;

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;

use crate::engine::object::ObjectState;
use crate::engine::trace::Effect;
use crate::engine::{
    Kind, ObjectId, Place, WaitOn, afterwards, exploring, point, wait_until, with_run,
};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Output,
    Error,
}

impl Stream {
    fn name(self) -> &'static str {
        match self {
            Self::Output => "standard output",
            Self::Error => "standard error",
        }
    }
}

/// The lock of a stream that some thread has locked by hand in this schedule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamLock {
    object: ObjectId,
    /// How often its holder has locked it.
    depth: usize,
}

/// Appends `text` to what the schedule has printed, or prints it outside of a schedule.
pub(crate) fn print(text: &str, stream: Stream, at: Place) {
    point(at, |_| format!("prints {:?}", text.trim_end()));
    let lock = with_run(|run| run.streams[stream as usize]).flatten();
    if let Some(lock) = lock {
        acquire(lock.object, stream, at);
    }
    let inside = with_run(|run| {
        if run.end.is_none() {
            run.output.push_str(text);
            run.gets_on();
        }
    });
    if lock.is_some() {
        unlock(stream, at);
    }
    match (inside, stream) {
        (Some(()), _) => {}
        (None, Stream::Output) => std::print!("{text}"),
        (None, Stream::Error) => std::eprint!("{text}"),
    }
}

fn lock(stream: Stream, at: Place) {
    let object = with_run(|run| {
        let lock = run.streams[stream as usize].get_or_insert_with(|| {
            let object = run.objects.len();
            run.objects.push(ObjectState::new(Kind::Stream(stream.name()), at));
            StreamLock { object, depth: 0 }
        });
        lock.object
    });
    let Some(object) = object else { return };
    point(at, |run| format!("locks {}", run.object_name(object)));
    acquire(object, stream, at);
}

/// Takes the lock without a scheduling point before.
fn acquire(object: ObjectId, stream: Stream, at: Place) {
    wait_until(object, WaitOn::Lock(object), at, |run| {
        let me = run.current;
        match run.objects[object].holders.first() {
            Some(&(holder, _)) if holder != me => return None,
            Some(_) => {}
            None => run.hold(object, at, true),
        }
        if let Some(lock) = &mut run.streams[stream as usize] {
            lock.depth += 1;
        }
        run.disable_waiters_but_me(object, |_| true);
        Some(())
    });
}

fn unlock(stream: Stream, at: Place) {
    with_run(|run| {
        let Some(lock) = run.streams[stream as usize].as_mut().filter(|lock| lock.depth > 0) else {
            return;
        };
        lock.depth -= 1;
        let StreamLock { object, depth } = *lock;
        if depth == 0 && !run.stopped() {
            run.objects[object].holders.clear();
            run.enable_waiters(object);
            run.record(at, |run| format!("unlocks {}", run.object_name(object)));
            run.effect(Effect::Releases, object);
        }
    });
    afterwards();
}

macro_rules! writes {
    ($($type:ty, $stream:expr;)*) => {
        $(
            impl Write for $type {
                #[track_caller]
                fn write(&mut self, bytes: &[u8]) -> Result<usize> {
                    print(&String::from_utf8_lossy(bytes), $stream, Location::caller());
                    Ok(bytes.len())
                }

                /// In one piece: nobody writes between its parts.
                #[track_caller]
                fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> Result<()> {
                    print(&arguments.to_string(), $stream, Location::caller());
                    Ok(())
                }

                fn flush(&mut self) -> Result<()> {
                    if exploring() { Ok(()) } else { std::io::stdout().flush() }
                }
            }
        )*
    };
}

macro_rules! stream {
    ($function:ident, $stream:ident, $guard:ident, $which:expr) => {
        #[doc = concat!("[`std::io::", stringify!($function), "`] under the explorer.")]
        pub fn $function() -> $stream {
            $stream(())
        }

        #[doc = concat!("[`std::io::", stringify!($stream), "`] under the explorer.")]
        #[derive(Debug)]
        pub struct $stream(());

        #[doc = concat!("[`std::io::", stringify!($guard), "`] under the explorer.")]
        #[derive(Debug)]
        pub struct $guard<'a> {
            at: Place,
            lifetime: PhantomData<(&'a (), *const ())>,
        }

        impl $stream {
            /// Keeps other threads from writing until the guard is dropped.
            #[track_caller]
            pub fn lock(&self) -> $guard<'static> {
                let at = Location::caller();
                lock($which, at);
                $guard { at, lifetime: PhantomData }
            }
        }

        impl Drop for $guard<'_> {
            fn drop(&mut self) {
                unlock($which, self.at);
            }
        }

        writes! { $stream, $which; &$stream, $which; $guard<'_>, $which; }
    };
}

stream!(stdout, Stdout, StdoutLock, Stream::Output);
stream!(stderr, Stderr, StderrLock, Stream::Error);
