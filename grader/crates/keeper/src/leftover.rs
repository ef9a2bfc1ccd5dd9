//! Objects that outlived a run.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry, FileType, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use jail::{Confinement, Objects};
use observation::{Leftover, LeftoverKind};

use crate::scratch::{empty, unlock};

/// Where POSIX keeps shared memory and semaphores.
const SHARED: &str = "/dev/shm";

/// How many are named; a program that makes thousands is told of the first.
const NAMED: usize = 64;

/// What lies in the three directories of the file system of a run.
///
/// `root` is where its root is seen from here. Nothing there is opened or followed. What
/// is about to be taken out is not left behind, nor are the directories above what the
/// program was shown: they are ours.
pub(crate) fn files_below(root: &Path, confinement: &Confinement) -> Vec<Leftover> {
    let mut found = in_directory(&root.join("tmp"), "/tmp", &of_file);
    found.retain(|leftover| {
        let name = leftover.name.strip_prefix("/tmp/");
        let taken = confinement.artefacts.iter().any(|artefact| name == Some(&artefact.name));
        let ours = confinement.readable.iter().any(|path| path.starts_with(&leftover.name));
        !taken && !ours
    });
    found.extend(in_directory(&root.join("dev/shm"), "/dev/shm", &of_shared_memory));
    found.extend(in_directory(&root.join("dev/mqueue"), "/dev/mqueue", &|_, _| {
        LeftoverKind::MessageQueue
    }));
    found.truncate(NAMED);
    found
}

/// Removes what `user` left in /dev/shm, but for the inodes that are spared, and says what it was.
pub(crate) fn sweep_shared_memory(user: u32, spared: impl Fn(u64) -> bool) -> Vec<Leftover> {
    let mut found = Vec::new();
    for (entry, metadata) in shared_by(user) {
        if spared(metadata.ino()) {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push(Leftover {
            kind: of_shared_memory(&name, metadata.file_type()),
            name: format!("/dev/shm/{name}"),
        });
        let _ = if metadata.is_dir() {
            unlock(&entry.path())
                .and_then(|()| empty(&entry.path()))
                .and_then(|()| fs::remove_dir(entry.path()))
        } else {
            fs::remove_file(entry.path())
        };
    }
    found.truncate(NAMED);
    found
}

/// The inodes of what `user` has in /dev/shm.
pub(crate) fn shared_memory_of(user: u32) -> BTreeSet<u64> {
    shared_by(user).map(|(_, metadata)| metadata.ino()).collect()
}

fn shared_by(user: u32) -> impl Iterator<Item = (DirEntry, Metadata)> {
    let entries = fs::read_dir(SHARED).into_iter().flatten().flatten();
    let known = entries.filter_map(|entry| {
        let metadata = entry.path().symlink_metadata().ok()?;
        Some((entry, metadata))
    });
    known.filter(move |(_, metadata)| metadata.uid() == user)
}

/// The inodes in /dev/shm that a process which we may look into has open or mapped.
pub(crate) fn used_shared_memory() -> BTreeSet<u64> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.flat_map(|process| used_by(&process.path())).collect()
}

fn used_by(process: &Path) -> Vec<u64> {
    let maps = fs::read_to_string(process.join("maps")).unwrap_or_default();
    let mapped = maps.lines().filter(|line| line.contains(SHARED));
    let mapped = mapped.filter_map(|line| line.split_whitespace().nth(4)?.parse().ok());
    let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    let open = open.filter(|one| fs::read_link(one.path()).is_ok_and(|to| to.starts_with(SHARED)));
    let open = open.filter_map(|one| Some(fs::metadata(one.path()).ok()?.ino()));
    mapped.chain(open).collect()
}

/// System V objects have keys, not names.
pub(crate) fn of_system_v(objects: Objects) -> Vec<Leftover> {
    use LeftoverKind::{MessageQueue, Semaphore, SharedMemory};
    let kinds = [
        (SharedMemory, "a System V segment", objects.segments),
        (Semaphore, "a set of System V semaphores", objects.semaphores),
        (MessageQueue, "a System V message queue", objects.queues),
    ];
    let of = |(kind, name, count): (_, &str, u32)| {
        let one = Leftover { kind, name: name.to_owned() };
        vec![one; (count as usize).min(NAMED)]
    };
    kinds.into_iter().flat_map(of).collect()
}

fn in_directory(
    directory: &Path,
    inside: &str,
    kind: &dyn Fn(&str, FileType) -> LeftoverKind,
) -> Vec<Leftover> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(file_type) = entry.file_type() else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = kind(&name, file_type);
        found.push(Leftover { kind, name: format!("{inside}/{name}") });
        if found.len() == NAMED {
            break;
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn of_file(_: &str, file_type: FileType) -> LeftoverKind {
    if file_type.is_socket() {
        LeftoverKind::Socket
    } else if file_type.is_fifo() {
        LeftoverKind::Fifo
    } else {
        LeftoverKind::File
    }
}

/// The C library keeps POSIX semaphores there too, as `sem.<name>`.
fn of_shared_memory(name: &str, _: FileType) -> LeftoverKind {
    if name.starts_with("sem.") { LeftoverKind::Semaphore } else { LeftoverKind::SharedMemory }
}

#[cfg(test)]
mod tests {
    use jail::{Artefact, Slot, Tier};

    use super::*;

    #[test]
    fn what_is_in_use_is_known_by_its_inode() {
        let Ok(shared) = tempfile::tempfile_in(SHARED) else {
            return eprintln!("not checked: there is no {SHARED}");
        };
        assert!(used_shared_memory().contains(&shared.metadata().unwrap().ino()));
    }

    #[test]
    fn what_lies_in_the_three_directories_is_named_by_kind() {
        let root = tempfile::tempdir().unwrap();
        for directory in ["tmp/course", "dev/shm", "dev/mqueue"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        for file in ["tmp/made", "tmp/x", "dev/shm/sem.lock", "dev/shm/ring", "dev/mqueue/jobs"] {
            fs::write(root.path().join(file), "").unwrap();
        }
        let shown = Path::new("/tmp/course/target/program");
        let mut confinement = Confinement::for_program(Tier::A, Slot(0), shown);
        let made = Artefact { name: "made".to_owned(), to: "/made".into(), size: 1 };
        confinement.artefacts.push(made);
        let found = files_below(root.path(), &confinement);
        let found: Vec<_> = found.iter().map(|one| (one.kind, one.name.as_str())).collect();
        let expected = [
            (LeftoverKind::File, "/tmp/x"),
            (LeftoverKind::SharedMemory, "/dev/shm/ring"),
            (LeftoverKind::Semaphore, "/dev/shm/sem.lock"),
            (LeftoverKind::MessageQueue, "/dev/mqueue/jobs"),
        ];
        assert_eq!(found, expected);
    }
}
