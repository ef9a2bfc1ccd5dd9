#![expect(unsafe_code, reason = "raw calls that are safe between fork and exec")]

use std::ffi::CString;

use nix::errno::Errno;

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
    /// Bounds a resource, softly and hardly, to this value.
    Limit(Resource, u64),
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
    /// Bytes of the largest file.
    FileSize,
    /// Open descriptors per process.
    OpenFiles,
    /// Processes and threads of the user.
    Processes,
}

impl Step {
    /// What the step does, for error messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::NewSession => "start a new session".to_owned(),
            Self::DieWithParent => "tie its life to the observer".to_owned(),
            Self::NoNewPrivileges => "give up new privileges".to_owned(),
            Self::Directory(path) => format!("enter the directory {}", path.to_string_lossy()),
            Self::Limit(resource, value) => format!("limit {resource:?} to {value}"),
        }
    }

    pub(crate) fn perform(&self) -> Result<(), Errno> {
        // SAFETY: system calls on prepared, valid arguments; none allocates.
        let result = unsafe {
            match self {
                Self::NewSession => libc::setsid(),
                Self::DieWithParent => libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL),
                Self::NoNewPrivileges => libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                Self::Directory(path) => libc::chdir(path.as_ptr()),
                Self::Limit(resource, value) => {
                    let limit = libc::rlimit { rlim_cur: *value, rlim_max: *value };
                    libc::setrlimit(resource.number(), &raw const limit)
                }
            }
        };
        if result == -1 { Err(Errno::last()) } else { Ok(()) }
    }
}

impl Resource {
    fn number(self) -> libc::__rlimit_resource_t {
        match self {
            Self::AddressSpace => libc::RLIMIT_AS,
            Self::Core => libc::RLIMIT_CORE,
            Self::Cpu => libc::RLIMIT_CPU,
            Self::FileSize => libc::RLIMIT_FSIZE,
            Self::OpenFiles => libc::RLIMIT_NOFILE,
            Self::Processes => libc::RLIMIT_NPROC,
        }
    }
}
