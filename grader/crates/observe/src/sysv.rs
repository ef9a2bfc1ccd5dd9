//! System V semaphores and message queues.

use crate::family::TaskRef;
use crate::proc;
use crate::waits::{Lack, Scene, Wait};

/// A wait on a set of semaphores, which only the run can know.
pub(crate) fn semaphores(scene: &Scene<'_>, task: TaskRef, id: u64) -> Result<Wait, String> {
    let holders = users(scene, "/proc/sysvipc/sem", id, "System V semaphore set")?;
    let others: Vec<_> = holders.iter().copied().filter(|pid| *pid != task.pid).collect();
    let holders = if others.is_empty() { holders } else { others };
    let name = format!("System V semaphore set {id}");
    Ok(Wait::Object { name, lack: Lack::Content, holders, ends: Vec::new() })
}

/// A wait on a message queue, which only the run can know.
pub(crate) fn queue(scene: &Scene<'_>, id: u64, lack: Lack) -> Result<Wait, String> {
    let holders = users(scene, "/proc/sysvipc/msg", id, "System V message queue")?;
    Ok(Wait::Object {
        name: format!("System V message queue {id}"),
        lack,
        holders,
        ends: Vec::new(),
    })
}

/// All processes of the run, if none outside could use the object.
///
/// The kernel does not say who uses it. One without a key is known to the descendants
/// of its maker only. One with a key could be found by another program; but if the
/// run has made it and has several processes, it is there for them.
fn users(scene: &Scene<'_>, table: &str, id: u64, what: &str) -> Result<Vec<i32>, String> {
    let text = proc::read(table).ok_or("this kernel does not list System V objects")?;
    let object = find(&text, id).ok_or_else(|| format!("its {what} is not listed"))?;
    let members = scene.members();
    let made_here = object.changed.saturating_add(1) >= scene.family.began();
    if object.key != 0 && !(made_here && members.len() > 1) && scene.has_neighbours() {
        return Err(format!("another program could use the {what} {id}"));
    }
    Ok(members)
}

struct Listed {
    key: i64,
    /// In seconds since 1970.
    changed: u64,
}

fn find(table: &str, id: u64) -> Option<Listed> {
    table.lines().skip(1).find_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let listed: u64 = words.get(1)?.parse().ok()?;
        (listed == id).then_some(Listed {
            key: words.first()?.parse().ok()?,
            changed: words.last()?.parse().ok()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_found_by_its_number() {
        let table = "key semid perms nsems uid gid cuid cgid otime ctime\n\
                     7 3 600 1 0 0 0 0 0 1700000000\n0 4 600 1 0 0 0 0 0 1700000009\n";
        let found = find(table, 4).unwrap();
        assert_eq!((found.key, found.changed), (0, 1_700_000_009));
        assert!(find(table, 5).is_none());
    }
}
