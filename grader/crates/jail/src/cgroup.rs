//! Control groups, of either version, where this process may make some below its own.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use thiserror::Error;

/// What a control group can bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// Bytes of all processes together.
    Memory,
    /// How many processes and threads there are.
    Tasks,
}

/// The groups of one run; gone when dropped, which has to wait for the run's end.
#[derive(Debug, Default)]
pub struct Groups {
    directories: Vec<PathBuf>,
    memory: Option<PathBuf>,
}

/// Why there are no groups.
#[derive(Debug, Error)]
#[error("cannot make the control group {path}: {source}", path = path.display())]
pub struct GroupsError {
    path: PathBuf,
    source: io::Error,
}

impl Groups {
    /// Makes groups called `name` within these bounds, for what this host can bound.
    ///
    /// A bound without a controller is passed over; see [`Controller::parent`].
    pub fn make(name: &str, memory: Option<u64>, tasks: u64) -> Result<Self, GroupsError> {
        let mut groups = Self::default();
        if let (Some(bytes), Some(parent)) = (memory, Controller::Memory.parent()) {
            let directory = groups.enter(&parent, name)?;
            bound(&directory, &["memory.max", "memory.limit_in_bytes"], bytes)?;
            // Where swap is not accounted for, these do not exist.
            let _ = bound(&directory, &["memory.swap.max"], 0);
            let _ = bound(&directory, &["memory.memsw.limit_in_bytes"], bytes);
            groups.memory = Some(directory);
        }
        if let Some(parent) = Controller::Tasks.parent() {
            let directory = groups.enter(&parent, name)?;
            bound(&directory, &["pids.max"], tasks)?;
        }
        Ok(groups)
    }

    fn enter(&mut self, parent: &Path, name: &str) -> Result<PathBuf, GroupsError> {
        let directory = parent.join(name);
        match fs::create_dir(&directory) {
            // One of version 2 has all the controllers.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(GroupsError { path: directory, source }),
            Ok(()) => {}
        }
        if !self.directories.contains(&directory) {
            self.directories.push(directory.clone());
        }
        Ok(directory)
    }

    /// The doors through which a process with a single thread joins, by writing `0`.
    ///
    /// In version 1 that is `tasks`, through which it can go without all other
    /// processes of the host being held up: a hundredth of the time.
    pub fn doors(&self) -> Result<Vec<OwnedFd>, GroupsError> {
        let door = |group: &PathBuf| open_first(group, &["tasks", "cgroup.procs"]);
        self.directories.iter().map(|group| Ok(door(group)?.0.into())).collect()
    }

    /// How often the kernel ended a process for want of memory. None without a bound.
    pub fn memory_kills(&self) -> Option<u64> {
        let directory = self.memory.as_ref()?;
        let read = |file: &str| fs::read_to_string(directory.join(file));
        let text = read("memory.events").or_else(|_| read("memory.oom_control")).ok()?;
        counted(&text, "oom_kill")
    }

    /// Whether the run was ever refused memory for its own bound, and not for one of a group
    /// above it or for want of memory in the host.
    pub fn reached_its_memory(&self) -> bool {
        let Some(directory) = &self.memory else { return false };
        let read = |file: &str| fs::read_to_string(directory.join(file)).ok();
        if let Some(events) = read("memory.events") {
            return counted(&events, "max").is_some_and(|times| times > 0);
        }
        // Version 1 no longer counts refusals, but still says how far it went; it charges
        // memory in batches, so the last step to the bound may be missing.
        let bytes = |file: &str| read(file)?.trim().parse::<u64>().ok();
        let (most, bound) = (bytes("memory.max_usage_in_bytes"), bytes("memory.limit_in_bytes"));
        most.zip(bound).is_some_and(|(most, bound)| most >= bound - bound / 64)
    }
}

/// How often the kernel of this host has ended a process for want of memory, whoever's it was.
/// None if it does not tell.
pub fn memory_kills_of_the_host() -> Option<u64> {
    counted(&fs::read_to_string("/proc/vmstat").ok()?, "oom_kill")
}

/// The number behind `name` in lines of a name and a number.
fn counted(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

/// Removes all groups whose names begin with `beginning`, once nobody is in them any more: those
/// of whoever was ended before it could do so.
pub fn remove_groups(beginning: &str) {
    let parents =
        [Controller::Memory, Controller::Tasks].into_iter().filter_map(Controller::parent);
    let below = parents.flat_map(|parent| fs::read_dir(parent).into_iter().flatten().flatten());
    let theirs = below.filter(|group| group.file_name().to_string_lossy().starts_with(beginning));
    drop(Groups { directories: theirs.map(|group| group.path()).collect(), memory: None });
}

impl Drop for Groups {
    fn drop(&mut self) {
        for directory in &self.directories {
            // The kernel lets go of the dead a little after they were reaped.
            for _ in 0..50 {
                match fs::remove_dir(directory) {
                    Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                        thread::sleep(Duration::from_millis(2));
                    }
                    _ => break,
                }
            }
        }
    }
}

impl Controller {
    /// The group below which we can make groups with this controller, if there is one.
    ///
    /// Looked for once: to read all mounts for each run costs more than to make the groups.
    pub fn parent(self) -> Option<PathBuf> {
        static MEMORY: LazyLock<Option<PathBuf>> = LazyLock::new(|| Controller::Memory.find());
        static TASKS: LazyLock<Option<PathBuf>> = LazyLock::new(|| Controller::Tasks.find());
        match self {
            Self::Memory => MEMORY.clone(),
            Self::Tasks => TASKS.clone(),
        }
    }

    fn find(self) -> Option<PathBuf> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let parent = self.version_1(&own, &mounts).or_else(|| self.version_2(&own, &mounts))?;
        is_writable(&parent).then_some(parent)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Tasks => "pids",
        }
    }

    fn version_1(self, own: &str, mounts: &str) -> Option<PathBuf> {
        let path = own.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            controllers.split(',').any(|one| one == self.name()).then_some(path)
        })?;
        let is_ours = |kind: &str, options: &str| {
            kind == "cgroup" && options.split(',').any(|one| one == self.name())
        };
        place(mounts, path, is_ours)
    }

    /// Groups of version 2 that hold processes have no controllers to pass on, unless
    /// they are the root; then the group above may.
    fn version_2(self, own: &str, mounts: &str) -> Option<PathBuf> {
        let path = own.lines().find_map(|line| line.strip_prefix("0::"))?;
        let own = place(mounts, path, |kind, _| kind == "cgroup2")?;
        let passes_on = |group: &&Path| {
            let text = fs::read_to_string(group.join("cgroup.subtree_control"));
            text.unwrap_or_default().split_whitespace().any(|one| one == self.name())
        };
        own.ancestors().take(2).find(passes_on).map(Path::to_owned)
    }
}

/// Where the group `path` is mounted, given the lines of mountinfo.
fn place(mounts: &str, path: &str, is_ours: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (mount, system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        let mut system = system.split(' ');
        let (kind, options) = (system.next()?, system.nth(1)?);
        if !is_ours(kind, options) {
            return None;
        }
        let below = Path::new(path).strip_prefix(root).ok()?;
        Some(Path::new(point).join(below))
    })
}

fn is_writable(directory: &Path) -> bool {
    nix::unistd::access(directory, nix::unistd::AccessFlags::W_OK).is_ok()
}

/// Writes to the first of `files` that exists.
fn bound(directory: &Path, files: &[&str], value: u64) -> Result<(), GroupsError> {
    let (mut file, path) = open_first(directory, files)?;
    let written = io::Write::write_all(&mut file, value.to_string().as_bytes());
    written.map_err(|source| GroupsError { path, source })
}

/// Opens the first of `files` that exists, to be written to. Makes none.
fn open_first(directory: &Path, files: &[&str]) -> Result<(File, PathBuf), GroupsError> {
    let open = |file: &&str| {
        let path = directory.join(file);
        match File::options().write(true).open(&path) {
            Ok(file) => Ok((file, path)),
            Err(source) => Err(GroupsError { path, source }),
        }
    };
    let is_there = |tried: &Result<_, GroupsError>| {
        !tried.as_ref().is_err_and(|error| error.source.kind() == io::ErrorKind::NotFound)
    };
    let (last, others) = files.split_last().expect("there is a file to open");
    others.iter().map(open).find(is_there).unwrap_or_else(|| open(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
25 30 0:22 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n\
31 30 0:23 /docker/7 /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
32 30 0:24 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn a_group_of_version_1_is_found_below_the_mount_of_its_controller() {
        let own = "4:memory:/a/b\n8:pids:/docker/7/c\n0::/\n";
        let memory = Controller::Memory.version_1(own, MOUNTS);
        assert_eq!(memory.as_deref(), Some(Path::new("/sys/fs/cgroup/memory/a/b")));
        let tasks = Controller::Tasks.version_1(own, MOUNTS);
        assert_eq!(tasks.as_deref(), Some(Path::new("/sys/fs/cgroup/pids/c")));
    }

    #[test]
    fn in_version_2_the_nearest_group_that_passes_the_controller_on_is_taken() {
        let root = tempfile::tempdir().unwrap();
        let own = root.path().join("slice/scope");
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("cgroup.subtree_control"), "").unwrap();
        fs::write(own.parent().unwrap().join("cgroup.subtree_control"), "cpu memory\n").unwrap();
        let mounts = format!("32 30 0:24 / {} rw - cgroup2 cgroup2 rw\n", root.path().display());
        let find = |controller: Controller| controller.version_2("0::/slice/scope\n", &mounts);
        assert_eq!(find(Controller::Memory).as_deref(), own.parent());
        assert_eq!(find(Controller::Tasks), None);
    }

    #[test]
    fn events_are_counted_by_their_whole_names() {
        let events = "low 0\nhigh 0\nmax 3\noom 1\noom_kill 2\noom_group_kill 9\n";
        assert_eq!(counted(events, "oom_kill"), Some(2));
        assert_eq!(counted(events, "max"), Some(3));
        assert_eq!(counted(events, "oom_k"), None);
    }

    #[test]
    fn groups_are_bounded_and_go_with_their_owner() {
        let root = tempfile::tempdir().unwrap();
        let mut groups = Groups::default();
        let directory = groups.enter(root.path(), "run").unwrap();
        let missing = groups.doors().unwrap_err().to_string();
        assert!(missing.contains("run/cgroup.procs"), "{missing}");
        assert!(bound(&directory, &["memory.max"], 5).is_err(), "makes no files");
        drop(groups);
        assert!(!directory.exists());
    }
}
