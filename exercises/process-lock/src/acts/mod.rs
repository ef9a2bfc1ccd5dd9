//! What the checks ask of locks besides.
//!
//! With `--try 1` the first stays inside until another has tried to get in without waiting. With
//! `--signal 1` a process gets many signals while it waits for the lock, which main holds. With
//! `--left 1` processes end while they hold the lock and nobody waits for it. With `--maker 1` the
//! process that made the lock is killed inside, and one of those that wait before it. With
//! `--cross 1` two processes each hold one lock and ask for the other's; with `--cross 2` the one
//! that is refused asks once more.

mod cross;
mod left;
mod maker;
mod signals;
mod tries;

use std::io;

use process_lock::ProcessLock;
use stage::Arguments;

pub fn asked(arguments: &Arguments, lock: &ProcessLock) -> Option<io::Result<()>> {
    let asked = |act| arguments.get(act, 0) > 0;
    if asked("try") {
        return Some(tries::try_in_a_child(lock));
    }
    if asked("signal") {
        return Some(signals::wait_through_a_signal(lock));
    }
    if asked("left") {
        return Some(left::leave_it_held(lock));
    }
    if asked("maker") {
        return Some(maker::kill_the_maker());
    }
    asked("cross").then(|| {
        let again = arguments.get("cross", 0) > 1;
        cross::ask_crosswise(lock, &ProcessLock::new()?, again)
    })
}
