//! Runs schedules, one after the other, in this process.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;

use shuttle_engine::runtime::thread::switch;
use shuttle_engine::{Config, FailurePersistence, MaxSteps, Runner};

use crate::engine::director::{Chooser, Director};
use crate::engine::run::End;
use crate::engine::{Run, replace_run, task, with_run};

/// The body of a test: why it failed, if it did.
pub(super) type Body = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Runs `body` as `chooser` decides, and hands every schedule that has ended to `observe`,
/// until one of the two has enough.
pub(super) fn run_schedules<C: Chooser + 'static>(
    body: &Body,
    chooser: C,
    step_limit: usize,
    observe: impl FnMut(&mut C, Run) -> ControlFlow<()> + 'static,
) {
    task::watch_panics();
    let chooser = Rc::new(RefCell::new(chooser));
    let observe = Rc::new(RefCell::new(observe));
    loop {
        let (turns, told) = (Rc::clone(&chooser), Rc::clone(&observe));
        let observe_next = move |turns: &mut Rc<RefCell<C>>, run: Run| {
            (told.borrow_mut())(&mut turns.borrow_mut(), run)
        };
        let director = Director { chooser: turns, observe: observe_next, step_limit };
        let body = Arc::clone(body);
        let runner = Runner::new(director, config());
        let ran = catch_unwind(AssertUnwindSafe(|| runner.run(move || drive(&body))));
        let last = replace_run(None);
        let Err(payload) = ran else { return };
        // Shuttle takes it for a failure if a schedule is broken off while one of its threads
        // unwinds, and sees that thread unwind in the schedules after it. They end as we say.
        let Some(last) = last.filter(|run| run.end.is_some()) else { resume_unwind(payload) };
        if (observe.borrow_mut())(&mut chooser.borrow_mut(), last).is_break() {
            return;
        }
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = task::STACK;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    config
}

/// The explorer's coroutine: starts the body as the first thread and comes back at the end.
fn drive(body: &Body) {
    let body = Arc::clone(body);
    let at = std::panic::Location::caller();
    #[expect(unsafe_code, reason = "see the contract of `spawn`")]
    // SAFETY: everything is 'static.
    let main = unsafe { task::spawn(Some("main".into()), at, Box::new(move || run_body(&body))) };
    debug_assert_eq!(main, Some(crate::engine::MAIN), "the body is the first thread");
    switch();
}

fn run_body(body: &Body) {
    let result = task::catch(|| body());
    with_run(|run| {
        run.end = Some(match result {
            Ok(error) => End::Returned(error),
            Err(payload) => End::Panicked(task::payload_text(&*payload)),
        });
    });
}
