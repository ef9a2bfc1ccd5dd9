//! System V semaphores and message queues.

use jail::Semaphore;

use crate::doubt::Doubtful;
use crate::family::TaskRef;
use crate::memory;
use crate::namespaces::{self, Kind};
use crate::proc::{self, Call};
use crate::waits::{Judgement, Lack, Scene, Wait};

/// A wait on a set of semaphores, which only the run can know.
pub(crate) fn semaphores(scene: &Scene<'_>, task: TaskRef, call: &Call) -> Judgement {
    let id = call.args[0];
    let users = users(scene, "/proc/sysvipc/sem", id, "System V semaphore set")?;
    let Some(Lacking { number, changed_by }) = lacking(task, call) else {
        let name = format!("System V semaphore set {id}");
        let others: Vec<_> = users.iter().copied().filter(|pid| *pid != task.pid).collect();
        let holders = if others.is_empty() { users } else { others };
        return Ok(Wait::Object { name, lack: Lack::Content, holders, ends: Vec::new() });
    };
    let name = format!("semaphore {number} of System V set {id}");
    // The kernel keeps no list of holders, but it knows whose change was the last.
    let (lack, holders) = if users.contains(&changed_by) {
        (Lack::Units, vec![changed_by])
    } else {
        (Lack::Content, users)
    };
    Ok(Wait::Object { name, lack, holders, ends: Vec::new() })
}

/// A semaphore that has too few units for an operation.
struct Lacking {
    number: i32,
    changed_by: i32,
}

/// The first such semaphore of those on which a task waits at once.
fn lacking(task: TaskRef, call: &Call) -> Option<Lacking> {
    /// Bytes of an operation: the number, what is added, flags.
    const OPERATION: usize = 6;
    let id = i32::try_from(call.args[0]).ok()?;
    let count = usize::try_from(call.args[2]).ok()?.min(32);
    let operations = memory::read(task.pid, call.args[1], count * OPERATION)?;
    operations.chunks_exact(OPERATION).find_map(|operation| {
        let number = i32::from(u16::from_ne_bytes([operation[0], operation[1]]));
        let added = i32::from(i16::from_ne_bytes([operation[2], operation[3]]));
        let now = namespaces::within(Kind::Ipc, task.pid, || Semaphore::of(id, number))??;
        let lacks = if added == 0 { now.value != 0 } else { now.value + added < 0 };
        lacks.then_some(Lacking { number, changed_by: now.changed_by })
    })
}

/// A wait on a message queue, which only the run can know.
pub(crate) fn queue(scene: &Scene<'_>, id: u64, lack: Lack) -> Judgement {
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
/// The kernel does not say who uses it. One in a namespace of the run's own, or without a
/// key, is known to the run only. One with a key could be found by another program; but if
/// the run has made it and has several processes, it is there for them.
fn users(scene: &Scene<'_>, table: &str, id: u64, what: &str) -> Result<Vec<i32>, Doubtful> {
    let members = scene.members();
    if !scene.has_neighbours() {
        return Ok(members);
    }
    let text = proc::read(table).ok_or("this kernel does not list System V objects")?;
    let object =
        find(&text, id).ok_or_else(|| Doubtful::unseen(format!("its {what} is not listed")))?;
    let made_here = object.changed.saturating_add(1) >= scene.family.began();
    if object.key != 0 && !(made_here && members.len() > 1) {
        return Err(Doubtful::outsider(format!("another program could use the {what} {id}")));
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
