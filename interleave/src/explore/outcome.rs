//! What one schedule amounts to.

use std::fmt::Debug;

use crate::engine::Run;
use crate::engine::run::{End, PanicRecord};

/// What a test may return.
pub trait TestResult {
    /// Why it failed, if it did.
    fn error(self) -> Option<String>;
}

impl TestResult for () {
    fn error(self) -> Option<String> {
        None
    }
}

impl<T: TestResult, E: Debug> TestResult for Result<T, E> {
    fn error(self) -> Option<String> {
        match self {
            Ok(value) => value.error(),
            Err(error) => Some(format!("the test returned Err({error:?})")),
        }
    }
}

/// Whether a test must panic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShouldPanic {
    /// It must not.
    #[default]
    No,
    /// It must, in every schedule.
    Yes,
    /// It must, with a message that contains this.
    With(&'static str),
}

/// How a schedule failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// What happened, in one sentence.
    pub(crate) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The body's own assertion failed, or it returned an error.
    Wrong,
    Panic,
    Deadlock,
    /// It took more steps than it may: perhaps a livelock.
    TooLong,
    /// The same, but it still gets on: nobody can say.
    TooLarge,
    Flood,
    Escape,
}

/// Judges a schedule that has ended; none if it is in order.
pub(crate) fn judge(run: &Run, should_panic: ShouldPanic) -> Option<Failure> {
    let end = run.end.as_ref()?;
    let failure = |kind, message: String| Some(Failure { kind, message });
    match (end, should_panic) {
        (End::Returned(None), ShouldPanic::No) => None,
        (End::Returned(Some(error)), ShouldPanic::No) => failure(FailureKind::Wrong, error.clone()),
        (End::Returned(_), ShouldPanic::Yes | ShouldPanic::With(_)) => {
            failure(FailureKind::Wrong, "the test did not panic, as it should".into())
        }
        (End::Panicked(_), ShouldPanic::Yes) => None,
        (End::Panicked(message), ShouldPanic::With(expected)) if message.contains(expected) => None,
        (End::Panicked(message), ShouldPanic::With(expected)) => failure(
            FailureKind::Wrong,
            format!("the test panicked with {message:?}, which does not contain {expected:?}"),
        ),
        (End::Panicked(message), ShouldPanic::No) => panicked(run, message),
        (End::Deadlock, _) => failure(FailureKind::Deadlock, deadlock(run)),
        (End::TooLong, _) if still_gets_on(run) => failure(
            FailureKind::TooLarge,
            "too large to explore: it still gets on after half a million steps; make the test smaller".into(),
        ),
        (End::TooLong, _) => {
            let message = "no end in sight, although every thread gets its turn again and again";
            failure(FailureKind::TooLong, message.into())
        }
        (End::Flood, _) => {
            let megabytes = run.output.len() >> 20;
            failure(FailureKind::Flood, format!("printed more than {megabytes} MiB"))
        }
        (End::Escape(what), _) => failure(FailureKind::Escape, what.clone()),
    }
}

/// The panic that began it all: the poisoned lock or the failed `join` after it are only its
/// echo.
fn panicked(run: &Run, message: &str) -> Option<Failure> {
    let is_echo = |message: &str| {
        message.contains("PoisonError")
            || message.contains("Any { .. }")
            || message == "a scoped thread panicked"
            || message.contains("RecvError")
            || message.contains("SendError")
    };
    let last = run.panics.last();
    let cause = if is_echo(message) {
        run.panics.iter().find(|panic| !is_echo(&panic.message)).or(last)
    } else {
        run.panics.iter().rev().find(|panic| panic.message == message).or(last)
    };
    let Some(PanicRecord { task, message, at }) = cause else {
        return Some(Failure { kind: FailureKind::Panic, message: format!("panicked: {message}") });
    };
    let assertion = message.starts_with("assertion") && *task == crate::engine::MAIN;
    let at = at
        .as_ref()
        .map(|(file, line)| format!(" at {}:{line}", file.rsplit('/').next().unwrap_or_default()));
    let message = format!("{} panicked{}: {message}", run.task_name(*task), at.unwrap_or_default());
    let kind = if assertion { FailureKind::Wrong } else { FailureKind::Panic };
    Some(Failure { kind, message })
}

/// Whether something happened lately that a livelock does not do.
fn still_gets_on(run: &Run) -> bool {
    let steps = run.schedule.tasks.len();
    steps > 100_000 && run.progress > steps / 2
}

fn deadlock(run: &Run) -> String {
    let graph = crate::finding::wait_for(run);
    let one_by_one = || {
        let mut each =
            graph.nodes.iter().map(|node| format!("{} waits for {}", node.name, node.waits_for));
        let first = each.next().unwrap_or_default();
        each.fold(first, |sentence, next| format!("{sentence}; {next}"))
    };
    format!("no thread can go on: {}", one_by_one())
}
