//! What a waiting thread called, by the names of the functions on its stack.

use crate::symbols::Call;

/// A means of waiting that programs use by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Primitive {
    Mutex,
    RwLock,
    Condvar,
    Barrier,
    Receive,
    Send,
    Join,
    Scope,
    Park,
    Once,
    Semaphore,
}

/// Parts of names of functions or of the files that hold them, with what they mean.
const NAMES: &[(&str, Primitive)] = &[
    ("std/src/thread/join_handle.rs", Primitive::Join),
    ("std/src/thread/lifecycle.rs", Primitive::Join),
    ("JoinHandle<", Primitive::Join),
    ("std/src/thread/scoped.rs", Primitive::Scope),
    ("std/src/sync/mpsc.rs recv", Primitive::Receive),
    ("std/src/sync/mpsc.rs next", Primitive::Receive),
    ("std/src/sync/mpsc.rs send", Primitive::Send),
    ("std/src/sync/mpmc/mod.rs recv", Primitive::Receive),
    ("std/src/sync/mpmc/mod.rs send", Primitive::Send),
    ("mpsc::Receiver<", Primitive::Receive),
    ("mpsc::SyncSender<", Primitive::Send),
    ("std/src/sync/barrier.rs", Primitive::Barrier),
    ("std/src/sync/poison/condvar.rs", Primitive::Condvar),
    ("std/src/sync/nonpoison/condvar.rs", Primitive::Condvar),
    ("std/src/sync/lazy_lock.rs", Primitive::Once),
    ("std/src/sync/once_lock.rs", Primitive::Once),
    ("std/src/sync/poison/once.rs", Primitive::Once),
    ("std/src/sync/once.rs", Primitive::Once),
    ("std/src/sync/poison/rwlock.rs", Primitive::RwLock),
    ("std/src/sync/nonpoison/rwlock.rs", Primitive::RwLock),
    ("std/src/sync/poison/mutex.rs", Primitive::Mutex),
    ("std/src/sync/nonpoison/mutex.rs", Primitive::Mutex),
    ("::Thread>::park", Primitive::Park),
    ("thread::park", Primitive::Park),
    ("sem_wait", Primitive::Semaphore),
    ("pthread_join", Primitive::Join),
    ("pthread_mutex_lock", Primitive::Mutex),
    ("pthread_cond_wait", Primitive::Condvar),
    ("pthread_rwlock", Primitive::RwLock),
    ("pthread_barrier_wait", Primitive::Barrier),
];

impl Primitive {
    /// The one that the program itself called: of all that match, the outermost call.
    pub(crate) fn of(calls: &[Call]) -> Option<Self> {
        let foreign = calls.iter().take_while(|call| !call.is_own());
        foreign.filter_map(Self::used_by).last()
    }

    fn used_by(call: &Call) -> Option<Self> {
        let file = call.place.as_ref().map(|place| place.file.to_string_lossy());
        let text = format!("{} {}", file.unwrap_or_default(), call.function);
        NAMES.iter().find(|(part, _)| text.contains(part)).map(|(_, primitive)| *primitive)
    }

    /// What a thread waits for that uses it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Mutex => "a Mutex",
            Self::RwLock => "a RwLock",
            Self::Condvar => "a notification of a Condvar",
            Self::Barrier => "the others at a Barrier",
            Self::Receive => "a message from a channel",
            Self::Send => "room in a channel",
            Self::Join => "a thread to end",
            Self::Scope => "the threads of a scope to end",
            Self::Park => "being unparked",
            Self::Once => "an initialisation to finish",
            Self::Semaphore => "a semaphore",
        }
    }
}

#[cfg(test)]
mod tests {
    use observation::Place;

    use super::*;

    #[test]
    fn the_outermost_foreign_call_counts() {
        let files = ["sys/pal/unix/futex.rs", "sync/poison/condvar.rs", "sync/barrier.rs"];
        let calls = files.map(|file| {
            let file = format!("/rustc/0/library/std/src/{file}").into();
            let place = Some(Place { file, line: 1, function: None });
            Call { function: "wait".to_owned(), place }
        });
        assert_eq!(Primitive::of(&calls), Some(Primitive::Barrier));
    }
}
