//! [`std::thread`] under the explorer.

mod builder;
mod local;
mod scope;

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

pub use std::thread::{Result, available_parallelism};

pub use builder::Builder;
pub use local::{AccessError, LocalKey};
pub use scope::{Scope, ScopedJoinHandle, scope};

use crate::engine::{
    Place, TaskId, WaitOn, Woken, afterwards, exploring, point, task, wait, with_run, yield_point,
};
use crate::sync::nanoseconds;

/// Starts a thread.
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    start(None, Location::caller(), f)
}

fn start<F, T>(name: Option<String>, at: Place, f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let packet = Packet::new();
    let result = packet.clone();
    let thread = start_work(name, at, Box::new(move || result.fill(task::catch(f))));
    JoinHandle { thread, packet }
}

fn start_work(name: Option<String>, at: Place, work: task::Work<'static>) -> Thread {
    let name: Option<Arc<str>> = name.map(Into::into);
    #[expect(unsafe_code, reason = "see the contract of `spawn`")]
    // SAFETY: everything is 'static.
    let task = unsafe { task::spawn(name.clone(), at, work) };
    let task = task.expect(
        "a thread of `interleave` was started outside of an exploration: use #[test] or `interleave::explore`",
    );
    Thread { task, name }
}

/// Where a thread leaves its result.
struct Packet<T>(Arc<RefCell<Option<Result<T>>>>);

#[expect(unsafe_code, reason = "a result travels from one thread to another")]
// SAFETY: the threads of a schedule are coroutines on one thread of the operating system.
unsafe impl<T: Send> Send for Packet<T> {}
#[expect(unsafe_code, reason = "a result travels from one thread to another")]
// SAFETY: as above.
unsafe impl<T: Send> Sync for Packet<T> {}

impl<T> Packet<T> {
    fn new() -> Self {
        Self(Arc::new(RefCell::new(None)))
    }

    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn fill(&self, result: Result<T>) {
        if result.is_err() {
            panicked();
        }
        *self.0.borrow_mut() = Some(result);
    }

    fn take(&self) -> Result<T> {
        self.0.borrow_mut().take().unwrap_or_else(|| Err(broken_off()))
    }
}

fn broken_off() -> Box<dyn Any + Send> {
    Box::new("the schedule was broken off")
}

fn panicked() {
    with_run(|run| run.me().panicked = true);
}

/// [`std::thread::JoinHandle`] under the explorer.
pub struct JoinHandle<T> {
    thread: Thread,
    packet: Packet<T>,
}

impl<T> JoinHandle<T> {
    /// Waits for the thread to end and returns its result, or the payload of its panic.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        task::join(self.thread.task, Location::caller());
        self.packet.take()
    }

    /// The thread.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Whether the thread has ended.
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished(Location::caller())
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

/// [`std::thread::Thread`] under the explorer.
#[derive(Clone)]
pub struct Thread {
    task: TaskId,
    name: Option<Arc<str>>,
}

impl Thread {
    /// Its identity.
    pub fn id(&self) -> ThreadId {
        ThreadId(self.task)
    }

    /// Its name, if it was given one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Lets it leave [`park`], now or the next time.
    #[track_caller]
    pub fn unpark(&self) {
        point(Location::caller(), |run| format!("unparks {}", run.task_name(self.task)));
        with_run(|run| {
            let waits = run.tasks[self.task].wait.as_ref().map(|wait| wait.on);
            if waits == Some(WaitOn::Unpark) {
                run.wake(self.task, Woken::Notified);
            } else if !std::mem::replace(&mut run.tasks[self.task].token, true) {
                run.changes();
            }
        });
        afterwards();
    }

    fn is_finished(&self, at: Place) -> bool {
        with_run(|run| run.uses.tries = true);
        point(at, |run| format!("looks whether {} has ended", run.task_name(self.task)));
        with_run(|run| run.tasks[self.task].finished).unwrap_or(true)
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("id", &self.id())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// [`std::thread::ThreadId`] under the explorer: numbered anew in each schedule.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadId(TaskId);

impl fmt::Debug for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThreadId({})", self.0)
    }
}

/// The running thread.
pub fn current() -> Thread {
    with_run(|run| Thread { task: run.current, name: run.me().name.clone() })
        .unwrap_or(Thread { task: 0, name: None })
}

/// Blocks until the thread's token is there, and takes it. May end without a cause.
#[track_caller]
pub fn park() {
    park_at(None, Location::caller());
}

/// As [`park`], but no longer than `timeout`.
#[track_caller]
pub fn park_timeout(timeout: Duration) {
    park_at(Some(timeout), Location::caller());
}

/// As [`park_timeout`], in milliseconds.
#[deprecated(since = "1.6.0", note = "replaced by `std::thread::park_timeout`")]
#[track_caller]
pub fn park_timeout_ms(ms: u32) {
    park_at(Some(Duration::from_millis(ms.into())), Location::caller());
}

fn park_at(timeout: Option<Duration>, at: Place) {
    point(at, |_| "parks".to_owned());
    let token = with_run(|run| std::mem::take(&mut run.me().token));
    if token == Some(false) {
        wait(WaitOn::Unpark, at, timeout.map(nanoseconds));
    }
}

/// Lets virtual time pass.
#[track_caller]
pub fn sleep(duration: Duration) {
    let at = Location::caller();
    point(at, |_| format!("sleeps for {duration:?}"));
    if exploring() {
        wait(WaitOn::Sleep, at, Some(nanoseconds(duration)));
    } else {
        std::thread::sleep(duration);
    }
}

/// As [`sleep`], in milliseconds.
#[deprecated(since = "1.6.0", note = "replaced by `std::thread::sleep`")]
#[track_caller]
pub fn sleep_ms(ms: u32) {
    sleep(Duration::from_millis(ms.into()));
}

/// Whether the running thread unwinds because of a panic.
pub fn panicking() -> bool {
    crate::sync::panicking()
}

/// Lets others run.
#[track_caller]
pub fn yield_now() {
    yield_point(Location::caller(), |_| "yields".to_owned());
}
