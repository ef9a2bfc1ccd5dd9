//! The file system that a program in namespaces of its own sees.
//!
//! A small tmpfs with nothing in it but what is granted. It is mounted over /proc,
//! a directory that every host has and that nothing is shown from, and becomes the
//! root at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CString, NulError};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use nix::mount::MsFlags;

use crate::confinement::SYSTEM;
use crate::{Access, Confinement, Step};

/// Where the new root is while it is being built.
const BUILDING: &str = "/proc";

/// The devices that programs expect.
pub(crate) const DEVICES: &[&str] =
    &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

const STREAMS: &[(&str, &str)] = &[
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
];

/// What stands at a place of the new root.
#[derive(Clone)]
enum Entry {
    Shown { access: Access, is_directory: bool },
    Link(PathBuf),
    Memory { options: String },
    Processes,
    MessageQueues,
}

/// The steps of init that build the file system and move into it.
pub(crate) fn steps(confinement: &Confinement) -> Result<Vec<Step>, NulError> {
    let own = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let mut steps = vec![
        Step::PrivateMounts,
        Step::Mount {
            kind: c"tmpfs".to_owned(),
            target: c_string(BUILDING)?,
            flags: own,
            options: c"size=1m,nr_inodes=4096,mode=755".to_owned(),
            fallback: None,
        },
    ];
    // In the order of their paths, so that what lies below comes after what it lies in.
    let mut made = BTreeSet::new();
    for (place, entry) in entries(confinement) {
        make_parents(&place, &mut made, &mut steps)?;
        put(&place, entry, own, &mut steps)?;
    }
    steps.push(Step::Root(c_string(BUILDING)?));
    Ok(steps)
}

fn entries(confinement: &Confinement) -> BTreeMap<PathBuf, Entry> {
    let memory =
        |bytes: u64| Entry::Memory { options: format!("size={bytes},nr_inodes=16384,mode=1777") };
    let mut entries = BTreeMap::new();
    for path in &confinement.readable {
        match SYSTEM_ENTRIES.get(path.as_path()) {
            Some(known) => entries.extend(known.clone()),
            None => add_shown(without_dots(path), &mut entries),
        }
    }
    remove_covered(&mut entries);
    let device = Entry::Shown { access: Access::Device, is_directory: false };
    entries.extend(DEVICES.iter().map(|path| (path.into(), device.clone())));
    entries.extend(STREAMS.iter().map(|(at, to)| (at.into(), Entry::Link(to.into()))));
    entries.insert("/tmp".into(), memory(confinement.temporary));
    entries.insert("/dev/shm".into(), memory(confinement.shared_memory));
    entries.insert("/dev/mqueue".into(), Entry::MessageQueues);
    entries.insert("/proc".into(), Entry::Processes);
    entries
}

/// What there is at each of the places that nearly every program is shown; it does not
/// change while a course is graded.
static SYSTEM_ENTRIES: LazyLock<BTreeMap<&Path, BTreeMap<PathBuf, Entry>>> = LazyLock::new(|| {
    let shown = |path| {
        let mut entries = BTreeMap::new();
        add_shown(PathBuf::from(path), &mut entries);
        entries
    };
    SYSTEM.iter().map(|path| (Path::new(path), shown(path))).collect()
});

/// Finds out what is the same for every run, so that processes which are forked from
/// this one know it.
pub(crate) fn look_around() {
    LazyLock::force(&SYSTEM_ENTRIES);
}

/// Adds what is at `path`, and the links on the way to it.
fn add_shown(path: PathBuf, entries: &mut BTreeMap<PathBuf, Entry>) {
    // What the kernel would follow at most.
    const LINKS: usize = 40;
    let mut path = path;
    for _ in 0..LINKS {
        let mut ways: Vec<_> = path.ancestors().collect();
        ways.reverse();
        let link = ways.iter().find_map(|way| Some((way.to_path_buf(), fs::read_link(way).ok()?)));
        let Some((at, to)) = link else {
            if let Ok(about) = fs::metadata(&path) {
                let is_directory = about.is_dir();
                entries.insert(path, Entry::Shown { access: Access::Read, is_directory });
            }
            return;
        };
        let rest = path.strip_prefix(&at).unwrap_or(Path::new("")).to_owned();
        path = without_dots(&at.parent().unwrap_or(Path::new("/")).join(&to)).join(rest);
        entries.insert(at, Entry::Link(to));
    }
}

/// `path` with `..` taken literally: links before it have been resolved.
fn without_dots(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            other => path.push(other),
        }
        path
    })
}

/// What lies below something shown is shown with it.
fn remove_covered(entries: &mut BTreeMap<PathBuf, Entry>) {
    let is_shown = |entry: &Entry| matches!(entry, Entry::Shown { .. });
    let shown: Vec<_> =
        entries.iter().filter(|(_, entry)| is_shown(entry)).map(|(path, _)| path.clone()).collect();
    let covered =
        |path: &Path| path.ancestors().skip(1).any(|above| shown.iter().any(|one| one == above));
    entries.retain(|path, _| !covered(path));
}

fn put(place: &Path, entry: Entry, own: MsFlags, steps: &mut Vec<Step>) -> Result<(), NulError> {
    let target = inside(place)?;
    let empty = CString::default;
    let mount = |kind: CString, target, flags, options, fallback| Step::Mount {
        kind,
        target,
        flags,
        options,
        fallback,
    };
    if let Entry::Link(to) = &entry {
        steps.push(Step::MakeLink { to: c_string(to)?, at: target });
        return Ok(());
    }
    let is_file = matches!(entry, Entry::Shown { is_directory: false, .. });
    let make = if is_file { Step::MakeFile } else { Step::MakeDirectory };
    steps.push(make(target.clone()));
    steps.push(match entry {
        Entry::Link(_) => return Ok(()),
        Entry::Shown { access, .. } => Step::Show { source: c_string(place)?, target, access },
        Entry::Memory { options } => {
            mount(c"tmpfs".to_owned(), target, own, CString::new(options)?, None)
        }
        Entry::Processes => {
            let flags = own | MsFlags::MS_NOEXEC;
            let options = c"subset=pid,hidepid=invisible".to_owned();
            mount(c"proc".to_owned(), target, flags, options, Some(c"hidepid=2".to_owned()))
        }
        Entry::MessageQueues => {
            mount(c"mqueue".to_owned(), target, own | MsFlags::MS_NOEXEC, empty(), None)
        }
    });
    Ok(())
}

fn make_parents(
    place: &Path,
    made: &mut BTreeSet<PathBuf>,
    steps: &mut Vec<Step>,
) -> Result<(), NulError> {
    let parents: Vec<_> = place.ancestors().skip(1).filter(|one| *one != Path::new("/")).collect();
    for parent in parents.into_iter().rev() {
        if made.insert(parent.to_owned()) {
            steps.push(Step::MakeDirectory(inside(parent)?));
        }
    }
    Ok(())
}

/// Where `place` is while the new root is being built. Never outside of it.
fn inside(place: &Path) -> Result<CString, NulError> {
    let names = place.components().filter(|part| matches!(part, Component::Normal(_)));
    c_string(Path::new(BUILDING).join(names.collect::<PathBuf>()))
}

fn c_string(path: impl AsRef<Path>) -> Result<CString, NulError> {
    CString::new(path.as_ref().as_os_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Slot, Tier};

    #[test]
    fn a_place_can_only_be_inside_the_new_root() {
        assert_eq!(inside(Path::new("/../../etc")).unwrap(), c"/proc/etc".to_owned());
    }

    #[test]
    fn links_on_the_way_are_rebuilt_and_what_lies_below_something_shown_is_not_shown_twice() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        fs::create_dir_all(base.join("usr/bin")).unwrap();
        fs::write(base.join("usr/bin/true"), "").unwrap();
        std::os::unix::fs::symlink("usr/bin", base.join("bin")).unwrap();
        let mut entries = BTreeMap::new();
        add_shown(base.join("bin/true"), &mut entries);
        add_shown(base.join("usr"), &mut entries);
        remove_covered(&mut entries);
        let places: Vec<_> = entries.keys().cloned().collect();
        assert_eq!(places, [base.join("bin"), base.join("usr")]);
        assert!(
            matches!(&entries[&base.join("bin")], Entry::Link(to) if to == Path::new("usr/bin"))
        );
    }

    #[test]
    fn tmp_is_mounted_before_what_is_shown_below_it() {
        let program = tempfile::Builder::new().tempfile_in("/tmp").unwrap();
        let confinement = Confinement::for_program(Tier::A, Slot(0), program.path());
        let steps: Vec<_> = steps(&confinement).unwrap().iter().map(Step::describe).collect();
        let position = |text: &str| steps.iter().position(|step| step == text).unwrap();
        let shown = format!("show {}", program.path().display());
        assert!(position("mount tmpfs at /proc/tmp") < position(&shown));
    }
}
