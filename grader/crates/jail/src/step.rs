use std::ffi::CString;
use std::os::fd::RawFd;

use nix::mount::MsFlags;

use crate::filter::FilterProgram;

/// One thing that the child does to itself between `fork` and `execve`.
///
/// Everything a step needs is prepared before the fork: a step neither allocates
/// nor takes a lock, so it is safe in the child of a threaded process.
#[derive(Clone, Debug)]
pub enum Step {
    /// Becomes the leader of a new session, and so of a new process group.
    NewSession,
    /// Dies with the thread that started it.
    DieWithParent,
    /// Gains no rights by executing set-user-id programs.
    NoNewPrivileges,
    /// Starts in this directory.
    Directory(CString),
    /// Bounds a resource, softly and hardly, to this value, or to what is left of it.
    Limit(Resource, u64),
    /// Is scheduled as programs usually are. From being idle only a privileged process gets away.
    ScheduleAsUsual,
    /// Gets the Linux that programs usually get: nothing of it as it was once, addresses chosen by chance.
    UsualPersonality,
    /// Joins a control group through one of its doors.
    Join(RawFd),
    /// Keeps what it mounts to itself.
    PrivateMounts,
    /// Mounts a file system of its own.
    Mount {
        /// `tmpfs`, `proc`, `mqueue`.
        kind: CString,
        /// Where.
        target: CString,
        /// How.
        flags: MsFlags,
        /// What the file system is told.
        options: CString,
        /// What it is told if it is too old to understand that.
        fallback: Option<CString>,
    },
    /// Shows a file or directory, and all that is mounted below it, in a second place.
    Show {
        /// What.
        source: CString,
        /// Where.
        target: CString,
        /// How.
        access: Access,
    },
    /// Makes a directory, unless there is something already.
    MakeDirectory(CString),
    /// Makes an empty file, unless there is something already.
    MakeFile(CString),
    /// Makes a symbolic link.
    MakeLink {
        /// Where it points.
        to: CString,
        /// Where it is.
        at: CString,
    },
    /// Makes this mount the root, and lets go of all others. The root takes no writes.
    Root(CString),
    /// Names the host.
    HostName(CString),
    /// Adds to a Landlock ruleset what may be done below a path; a path that does
    /// not exist is passed over.
    Permit {
        /// The ruleset.
        ruleset: RawFd,
        /// The path.
        path: CString,
        /// Landlock's bits, if it is a directory.
        rights: u64,
        /// Those that a file has.
        of_file: u64,
    },
    /// Enforces a Landlock ruleset.
    Landlock(RawFd),
    /// Becomes another user, in no other group than its own.
    User(u32),
    /// Empties the set of capabilities that executing a program could bring back.
    NoBoundingSet,
    /// Gives up all capabilities.
    NoCapabilities,
    /// Installs a system call filter.
    Filter(FilterProgram),
}

/// What may be done with something shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading and executing.
    Read,
    /// Writing too.
    Write,
    /// Writing too, and using it as a device.
    Device,
}

/// A resource that `setrlimit` bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Bytes of address space per process.
    AddressSpace,
    /// Bytes of a core dump.
    Core,
    /// Seconds of processor time per process.
    Cpu,
    /// Bytes of memory to write to, per process.
    Data,
    /// Bytes of the largest file.
    FileSize,
    /// Bytes of memory that may not be swapped.
    LockedMemory,
    /// Bytes in POSIX message queues.
    MessageQueues,
    /// How far it may raise its priority.
    Nice,
    /// Open descriptors per process.
    OpenFiles,
    /// Signals that wait to be delivered.
    PendingSignals,
    /// Processes and threads of the user.
    Processes,
    /// The real-time priority.
    RealTimePriority,
    /// Bytes of the first thread's stack.
    Stack,
}

impl Step {
    /// What the step does, for error messages.
    pub(crate) fn describe(&self) -> String {
        let at = |what: &str, path: &CString| format!("{what} {}", path.to_string_lossy());
        match self {
            Self::NewSession => "start a new session".to_owned(),
            Self::DieWithParent => "tie its life to the observer".to_owned(),
            Self::NoNewPrivileges => "give up new privileges".to_owned(),
            Self::Directory(path) => at("enter the directory", path),
            Self::Limit(resource, value) => format!("limit {resource:?} to {value}"),
            Self::ScheduleAsUsual => "be scheduled as usual".to_owned(),
            Self::UsualPersonality => "get the usual personality".to_owned(),
            Self::Join(_) => "join its control group".to_owned(),
            Self::PrivateMounts => "keep its mounts to itself".to_owned(),
            Self::Mount { kind, target, .. } => {
                at(&format!("mount {} at", kind.to_string_lossy()), target)
            }
            Self::Show { source, .. } => at("show", source),
            Self::MakeDirectory(path) => at("make the directory", path),
            Self::MakeFile(path) => at("make the file", path),
            Self::MakeLink { at: path, .. } => at("make the link", path),
            Self::Root(path) => at("change its root to", path),
            Self::HostName(_) => "name its host".to_owned(),
            Self::Permit { path, .. } => at("permit access to", path),
            Self::Landlock(_) => "enforce its Landlock ruleset".to_owned(),
            Self::User(id) => format!("become the user {id}"),
            Self::NoBoundingSet => "empty its bounding set".to_owned(),
            Self::NoCapabilities => "give up all capabilities".to_owned(),
            Self::Filter(_) => "install a system call filter".to_owned(),
        }
    }
}
