//! What may be behind the end.

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use pool_unordered::Results;
use stage::event;

/// Says so if there is a result after the last, or a child that has not been waited for.
pub fn look_behind_the_end(results: &mut Results) {
    let end = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    if waitid(Id::All, end) != Err(Errno::ECHILD) {
        event("main", "children behind the end");
    }
    if results.next().is_some() {
        event("main", "something behind the end");
    }
}
