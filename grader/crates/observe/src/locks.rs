//! Locks on files, from `/proc/locks`.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::descriptors::Opened;
use crate::doubt::Doubtful;
use crate::family::TaskRef;
use crate::proc;
use crate::waits::{Judgement, Lack, Scene, Wait};

/// A wait for a lock on a file that processes of the run hold.
pub(crate) fn file_lock(scene: &Scene<'_>, task: TaskRef, descriptor: u64) -> Judgement {
    let path = format!("/proc/{}/task/{}/fd/{descriptor}", task.pid, task.tid);
    let file = fs::metadata(path).map_err(|_| "its descriptor is gone")?;
    let (major, minor) = (libc::major(file.dev()), libc::minor(file.dev()));
    let identity = format!("{major:02x}:{minor:02x}:{}", file.ino());
    let table = proc::read("/proc/locks").ok_or("this kernel does not list locks")?;
    let holders = holders(&table, &identity);
    let name = Opened::name(task, descriptor).unwrap_or_default();
    if holders.is_empty() {
        return Err(Doubtful::unseen(format!("nobody is seen to hold a lock on {name}")));
    }
    if let Some(outside) = holders.iter().find(|pid| !scene.is_member(**pid)) {
        let words = format!("process {outside}, outside the run, may hold a lock on {name}");
        return Err(Doubtful::outsider(words));
    }
    Ok(Wait::Object {
        name: format!("the lock on {name}"),
        lack: Lack::Lock,
        holders,
        ends: Vec::new(),
    })
}

/// The processes that hold a lock on the file; those that wait are marked by an arrow.
fn holders(table: &str, identity: &str) -> Vec<i32> {
    let mut holders: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| words.get(1) != Some(&"->") && words.get(5) == Some(&identity))
        .filter_map(|words| words[4].parse().ok())
        .collect();
    holders.sort_unstable();
    holders.dedup();
    holders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_wait_are_no_holders() {
        let table = "1: FLOCK  ADVISORY  WRITE 25 fe:00:613 0 EOF\n\
                     1: -> FLOCK  ADVISORY  WRITE 26 fe:00:613 0 EOF\n\
                     2: POSIX  ADVISORY  WRITE 27 fe:00:614 0 EOF\n";
        assert_eq!(holders(table, "fe:00:613"), [25]);
    }
}
