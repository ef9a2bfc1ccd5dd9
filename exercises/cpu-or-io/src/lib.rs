//! A batch of tasks on as many threads as their kind deserves.
//!
//! This is the only file that you edit. `cargo test -p cpu-or-io` judges it.

/// What the tasks of a batch spend their time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They compute: each keeps a core busy from beginning to end.
    Cpu,
    /// They wait, for a disk, a network, a person: hardly any of them needs a core.
    Io,
}

/// The most threads that a batch ever gets.
pub const MOST: usize = 64;

/// How many threads a batch of `tasks` tasks gets on a machine with `cores` cores.
///
/// For `Cpu` one for each core, since more would only take turns. For `Io` one for each task,
/// since all of them can wait at once. Never more than there are tasks, never more than
/// [`MOST`], and never none: a batch without tasks gets one thread.
///
/// `cores` is at least 1.
pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let _ = (kind, tasks, cores);
    todo!("choose by the kind, within the bounds")
}

/// Runs `task(0)`, `task(1)`, ... `task(tasks - 1)`, each once, on exactly `threads` new threads.
///
/// The threads are at work at the same time, and the calling thread does no task: at most it hands
/// out numbers and collects results, and otherwise it waits. Whoever waits, or has nothing to do,
/// sleeps or has ended. The work is spread evenly: if all threads begin together and all tasks take
/// equally long, no thread does more than one task more than another; which thread does which is up
/// to you, so no task waits for a certain other.
///
/// Results stand in the order of the tasks, and may be any number. When this returns, every thread
/// has ended, as far as `join` or the end of a `thread::scope` tells. A task may run a batch itself,
/// at any depth, which gets new threads and has tasks and results of its own, like any other, however
/// many threads there are already.
///
/// `threads` is at least 1, and may be more than there are tasks, or than [`MOST`]; there may be
/// no tasks. Tasks do not panic.
pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let _ = (threads, tasks, task);
    todo!("start the threads, let each take its part, put the results in order")
}
