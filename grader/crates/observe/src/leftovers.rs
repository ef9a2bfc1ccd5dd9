//! Objects of the operating system that a run leaves behind.
//!
//! Lists are taken before and after. On a host that others use too, an object that
//! is new may be theirs: it counts only if a process of the run was seen to have it
//! open or mapped, or if the kernel says that a process of the run made it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use observation::{Fact, Leftover, LeftoverKind, Unsure};

use crate::{mappings, proc};

/// Where POSIX keeps shared memory and semaphores.
const SHARED: &str = "/dev/shm";
const QUEUES: &str = "/dev/mqueue";

/// What there was at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inventory {
    shared: BTreeSet<String>,
    queues: BTreeSet<String>,
    /// Kind, number, and the processes that made or used it last.
    system_v: BTreeSet<(LeftoverOrder, u64, Vec<i32>)>,
    files: BTreeSet<PathBuf>,
    directory: Option<PathBuf>,
}

/// `LeftoverKind` in an order.
type LeftoverOrder = u8;

impl Inventory {
    /// Lists what there is now; FIFOs and sockets only in `directory`.
    pub(crate) fn take(directory: Option<&Path>) -> Self {
        Self {
            shared: names(SHARED),
            queues: names(QUEUES),
            system_v: system_v(),
            files: directory.map(special_files).unwrap_or_default(),
            directory: directory.map(Path::to_owned),
        }
    }

    /// What is there now and was not then: what the run made, and what it may have made.
    ///
    /// `touched` are the inodes that processes of the run had open or mapped, `pids`
    /// all of its processes.
    pub(crate) fn since(
        &self,
        touched: &BTreeSet<u64>,
        pids: &[i32],
    ) -> (Vec<Leftover>, Vec<Unsure>) {
        let now = Self::take(self.directory.as_deref());
        let (mut left, mut unsure) = (Vec::new(), Vec::new());
        let mut add = |kind: LeftoverKind, name: String, ours: bool| {
            if ours {
                left.push(Leftover { kind, name });
            } else {
                unsure.push(Unsure {
                    fact: Fact::Leftovers,
                    reason: format!("{name} is new, but it cannot be seen who made it"),
                });
            }
        };
        for name in now.shared.difference(&self.shared) {
            let path = format!("{SHARED}/{name}");
            let semaphore = name.starts_with("sem.");
            let kind = if semaphore { LeftoverKind::Semaphore } else { LeftoverKind::SharedMemory };
            add(kind, path.clone(), is_touched(&path, touched));
        }
        for name in now.queues.difference(&self.queues) {
            let path = format!("{QUEUES}/{name}");
            add(LeftoverKind::MessageQueue, path.clone(), is_touched(&path, touched));
        }
        let known: BTreeSet<_> = self.system_v.iter().map(|(kind, id, _)| (*kind, *id)).collect();
        for (order, id, users) in &now.system_v {
            if !known.contains(&(*order, *id)) {
                let (kind, what) = KINDS[usize::from(*order)];
                let ours = users.iter().any(|user| pids.contains(user));
                add(kind, format!("System V {what} {id}"), ours);
            }
        }
        for path in now.files.difference(&self.files) {
            let fifo = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_fifo());
            let kind = if fifo { LeftoverKind::Fifo } else { LeftoverKind::Socket };
            add(kind, path.display().to_string(), true);
        }
        (left, unsure)
    }
}

/// The inodes of shared objects that a process has open or mapped just now.
///
/// Not their names: a semaphore is made under a passing name, which the kernel goes
/// on to show, and then gets its own.
pub(crate) fn touched_by(pid: i32) -> Vec<u64> {
    let mapped = mappings::all(pid).into_iter().filter(|mapping| is_shared(&mapping.path));
    let mapped = mapped.map(|mapping| mapping.inode);
    let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let open = open.filter(|entry| {
        fs::read_link(entry.path()).is_ok_and(|name| is_shared(&name.to_string_lossy()))
    });
    let open = open.filter_map(|entry| Some(fs::metadata(entry.path()).ok()?.ino()));
    mapped.chain(open).collect()
}

/// When something was last made or removed where shared objects are kept.
pub(crate) fn last_change() -> Option<SystemTime> {
    fs::metadata(SHARED).and_then(|folder| folder.modified()).ok()
}

fn is_shared(path: &str) -> bool {
    path.starts_with(SHARED) || path.starts_with(QUEUES)
}

fn is_touched(path: &str, touched: &BTreeSet<u64>) -> bool {
    fs::metadata(path).is_ok_and(|file| touched.contains(&file.ino()))
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn special_files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let special = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_fifo() || kind.is_socket()));
    special.map(|entry| entry.path()).collect()
}

/// The tables of `/proc/sysvipc`: what they list, and which columns name processes.
const KINDS: [(LeftoverKind, &str); 3] = [
    (LeftoverKind::SharedMemory, "shared memory"),
    (LeftoverKind::Semaphore, "semaphore set"),
    (LeftoverKind::MessageQueue, "message queue"),
];
const TABLES: [(&str, &[&str]); 3] =
    [("shm", &["cpid", "lpid"]), ("sem", &[]), ("msg", &["lspid", "lrpid"])];

fn system_v() -> BTreeSet<(LeftoverOrder, u64, Vec<i32>)> {
    let tables = TABLES.iter().zip(0u8..);
    tables
        .flat_map(|((table, users), order)| {
            let text = proc::read(&format!("/proc/sysvipc/{table}")).unwrap_or_default();
            rows(&text, users).into_iter().map(move |(id, users)| (order, id, users))
        })
        .collect()
}

/// The number of each object, and the processes in the columns called `users`.
fn rows(table: &str, users: &[&str]) -> Vec<(u64, Vec<i32>)> {
    let mut lines = table.lines();
    let header: Vec<_> = lines.next().unwrap_or_default().split_whitespace().collect();
    let columns = users.iter().filter_map(|user| header.iter().position(|name| name == user));
    let columns: Vec<_> = columns.collect();
    let row = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let id = words.get(1)?.parse().ok()?;
        let users = columns.iter().filter_map(|column| words.get(*column)?.parse().ok());
        Some((id, users.filter(|pid| *pid != 0).collect()))
    };
    lines.filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_makers_of_objects_are_read_by_the_names_of_columns() {
        let table = "key shmid perms size cpid lpid nattch\n0 7 600 4096 31 0 1\n";
        assert_eq!(rows(table, &["cpid", "lpid"]), [(7, vec![31])]);
    }
}
