use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location};
use std::sync::Arc;

use super::{Packet, Result, Thread};
use crate::engine::{Place, Run, TaskId, WaitOn, Woken, exploring, point, task, wait, with_run};

/// [`std::thread::Scope`] under the explorer.
pub struct Scope<'scope, 'env: 'scope> {
    state: Arc<State>,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

struct State {
    running: Cell<usize>,
    tasks: RefCell<Vec<TaskId>>,
    owner: Cell<Option<TaskId>>,
}

#[expect(unsafe_code, reason = "scoped threads count themselves down")]
// SAFETY: the threads of a schedule are coroutines on one thread of the operating system.
unsafe impl Send for State {}
#[expect(unsafe_code, reason = "scoped threads count themselves down")]
// SAFETY: as above.
unsafe impl Sync for State {}

/// [`std::thread::ScopedJoinHandle`] under the explorer.
pub struct ScopedJoinHandle<'scope, T> {
    thread: Thread,
    packet: Packet<T>,
    scope: PhantomData<&'scope ()>,
}

/// Runs `f` and waits for all threads that were started in its scope.
///
/// # Panics
///
/// If `f` does, or a thread whose end was not awaited did.
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let at = Location::caller();
    let scope = Scope { state: State::new(), scope: PhantomData, env: PhantomData };
    let result = task::catch(AssertUnwindSafe(|| f(&scope)));
    scope.state.wait_for_all(at);
    match result {
        Err(payload) => crate::panic::resume_unwind(payload),
        Ok(value) => {
            scope.state.tell_of_panic();
            value
        }
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread that may borrow what outlives the scope.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.start(None, Location::caller(), f)
    }

    pub(super) fn start<F, T>(
        &'scope self,
        name: Option<String>,
        at: Place,
        f: F,
    ) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let packet = Packet::new();
        let (result, state) = (packet.clone(), Arc::clone(&self.state));
        let work = move || {
            result.fill(task::catch(f));
            drop(result);
            state.leave();
        };
        let thread = self.state.start(name, at, Box::new(work));
        ScopedJoinHandle { thread, packet, scope: PhantomData }
    }
}

impl State {
    fn new() -> Arc<Self> {
        assert!(exploring(), "`thread::scope` of `interleave` works in an exploration only");
        let (running, owner) = (Cell::new(0), Cell::new(None));
        Arc::new(Self { running, tasks: RefCell::new(Vec::new()), owner })
    }

    fn start(&self, name: Option<String>, at: Place, work: task::Work<'_>) -> Thread {
        let name: Option<Arc<str>> = name.map(Into::into);
        self.running.set(self.running.get() + 1);
        #[expect(unsafe_code, reason = "see the contract of `spawn`")]
        // SAFETY: `scope` returns only when no thread of it runs, and a schedule that is
        // broken off leaks the stacks that are borrowed from.
        let task = unsafe { task::spawn(name.clone(), at, work) };
        let task = task.expect("a scope exists in an exploration only");
        self.tasks.borrow_mut().push(task);
        Thread { task, name }
    }

    fn wait_for_all(&self, at: Place) {
        if self.running.get() == 0 {
            return;
        }
        point(at, |_| "waits for the threads of the scope".to_owned());
        while self.running.get() > 0 {
            self.owner.set(with_run(|run| run.current));
            wait(WaitOn::Scope, at, None);
        }
    }

    /// Panics if a thread did whose end nobody awaited.
    fn tell_of_panic(&self) {
        assert!(!self.unseen_panic(), "a scoped thread panicked");
    }

    fn unseen_panic(&self) -> bool {
        let unseen = |run: &mut Run| {
            self.tasks
                .borrow()
                .iter()
                .any(|&task| run.tasks[task].panicked && !run.tasks[task].joined)
        };
        with_run(unseen).unwrap_or(false)
    }

    /// Counts the running thread out.
    fn leave(&self) {
        self.running.set(self.running.get() - 1);
        if self.running.get() == 0
            && let Some(owner) = self.owner.take()
        {
            with_run(|run| run.wake(owner, Woken::Notified));
        }
    }
}

impl<T> ScopedJoinHandle<'_, T> {
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

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
