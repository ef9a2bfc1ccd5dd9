//! What each step does: raw system calls on prepared arguments.
#![expect(unsafe_code, reason = "raw calls that are safe between fork and exec")]

use std::ffi::CStr;
use std::os::fd::RawFd;
use std::ptr::null;
use std::sync::LazyLock;

use libc::{c_int, c_long};
use nix::errno::Errno;
use nix::mount::MsFlags;

use crate::filter::{self, FilterProgram};
use crate::{Access, Resource, Step};

type Done = Result<(), Errno>;

impl Step {
    /// Does the step. Neither allocates nor takes a lock.
    pub(crate) fn perform(&self) -> Done {
        // SAFETY: system calls on prepared, valid arguments; none allocates.
        unsafe {
            match self {
                Self::NewSession => done(libc::setsid()),
                Self::DieWithParent => done(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL)),
                Self::NoNewPrivileges => done(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)),
                Self::Directory(path) => done(libc::chdir(path.as_ptr())),
                Self::Limit(resource, value) => limit(*resource, *value),
                Self::ScheduleAsUsual => {
                    schedule_as_usual();
                    Ok(())
                }
                Self::UsualPersonality => {
                    // A sandbox around us may refuse it; then there is but one to have.
                    libc::syscall(libc::SYS_personality, 0);
                    Ok(())
                }
                Self::Join(door) => did(libc::write(*door, c"0".as_ptr().cast(), 1) as c_long),
                Self::PrivateMounts => {
                    mount(None, c"/", None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None)
                }
                Self::Mount { kind, target, flags, options, fallback } => {
                    let mount = |options| mount(Some(kind), target, Some(kind), *flags, options);
                    match (mount(Some(options)), fallback) {
                        (Err(Errno::EINVAL), Some(older)) => mount(Some(older)),
                        (result, _) => result,
                    }
                }
                Self::Show { source, target, access } => show(source, target, *access),
                Self::MakeDirectory(path) => unless_there(libc::mkdir(path.as_ptr(), 0o755)),
                Self::MakeFile(path) => {
                    unless_there(libc::mknod(path.as_ptr(), libc::S_IFREG | 0o644, 0))
                }
                Self::MakeLink { to, at } => unless_there(libc::symlink(to.as_ptr(), at.as_ptr())),
                Self::Root(path) => root(path),
                Self::HostName(name) => done(libc::sethostname(name.as_ptr(), name.count_bytes())),
                Self::Permit { ruleset, path, rights, of_file } => {
                    permit(*ruleset, path, *rights, *of_file)
                }
                Self::Landlock(ruleset) => {
                    did(libc::syscall(libc::SYS_landlock_restrict_self, *ruleset, 0u32))
                }
                Self::User(id) => user(*id),
                Self::NoBoundingSet => no_bounding_set(),
                Self::NoCapabilities => no_capabilities(),
                Self::Filter(program) => install(program),
            }
        }
    }
}

unsafe fn limit(resource: Resource, value: u64) -> Done {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let resource = resource.kind() as libc::__rlimit_resource_t;
    // SAFETY: `now` and `limit` outlive the calls.
    unsafe {
        done(libc::getrlimit(resource, &raw mut now))?;
        // Without privileges a hard limit can only be lowered.
        let value = value.min(now.rlim_max);
        let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        done(libc::setrlimit(resource, &raw const limit))
    }
}

/// That it may be refused is said at the step.
unsafe fn schedule_as_usual() {
    // Not the wrapper of libc, which in some is empty.
    let parameters: c_int = 0;
    // SAFETY: the kernel's structure is a single number, which outlives the call.
    unsafe {
        let (policy, parameters) = (libc::SCHED_OTHER, &raw const parameters);
        libc::syscall(libc::SYS_sched_setscheduler, 0, policy, parameters);
    }
}

unsafe fn mount(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: MsFlags,
    options: Option<&CStr>,
) -> Done {
    let pointer = |text: Option<&CStr>| text.map_or(null(), CStr::as_ptr);
    // SAFETY: strings that end with NUL and outlive the call.
    unsafe {
        let options = pointer(options).cast();
        done(libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags.bits(), options))
    }
}

unsafe fn show(source: &CStr, target: &CStr, access: Access) -> Done {
    let attributes = match access {
        Access::Read => libc::MOUNT_ATTR_NODEV | libc::MOUNT_ATTR_RDONLY,
        Access::Write => libc::MOUNT_ATTR_NODEV,
        Access::Device => libc::MOUNT_ATTR_NOEXEC,
    };
    // SAFETY: as in `mount`; the structure outlives the call.
    unsafe {
        mount(Some(source), target, None, MsFlags::MS_BIND | MsFlags::MS_REC, None)?;
        let mut set: libc::mount_attr = std::mem::zeroed();
        set.attr_set = libc::MOUNT_ATTR_NOSUID | attributes;
        did(libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            target.as_ptr(),
            libc::AT_RECURSIVE,
            &raw const set,
            size_of::<libc::mount_attr>(),
        ))
    }
}

unsafe fn root(path: &CStr) -> Done {
    let frozen = MsFlags::MS_REMOUNT
        | MsFlags::MS_BIND
        | MsFlags::MS_RDONLY
        | MsFlags::MS_NOSUID
        | MsFlags::MS_NODEV;
    // SAFETY: as in `mount`.
    unsafe {
        done(libc::chdir(path.as_ptr()))?;
        // The old root ends up on top of the new one, from where it is taken off.
        did(libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()))?;
        done(libc::umount2(c".".as_ptr(), libc::MNT_DETACH))?;
        done(libc::chdir(c"/".as_ptr()))?;
        mount(None, c"/", None, frozen, None)
    }
}

/// The kernel's `landlock_path_beneath_attr`.
#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent: c_int,
}

unsafe fn permit(ruleset: RawFd, path: &CStr, rights: u64, of_file: u64) -> Done {
    const PATH_BENEATH: u32 = 1;
    // SAFETY: the path ends with NUL, the structure outlives the call.
    unsafe {
        let parent = libc::open(path.as_ptr(), libc::O_PATH | libc::O_CLOEXEC);
        if parent == -1 {
            return match Errno::last() {
                Errno::ENOENT | Errno::EACCES => Ok(()),
                other => Err(other),
            };
        }
        let mut about: libc::stat = std::mem::zeroed();
        let looked = done(libc::fstat(parent, &raw mut about));
        let is_directory = about.st_mode & libc::S_IFMT == libc::S_IFDIR;
        let rule =
            PathBeneath { allowed_access: if is_directory { rights } else { of_file }, parent };
        let added = looked.and(did(libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset,
            PATH_BENEATH,
            &raw const rule,
            0u32,
        )));
        libc::close(parent);
        added
    }
}

unsafe fn user(id: u32) -> Done {
    // Not the wrappers of libc: those make all threads do the same, by signals.
    // SAFETY: plain system calls.
    unsafe {
        did(libc::syscall(libc::SYS_setgroups, 0usize, null::<u32>()))?;
        did(libc::syscall(libc::SYS_setresgid, id, id, id))?;
        did(libc::syscall(libc::SYS_setresuid, id, id, id))
    }
}

unsafe fn no_bounding_set() -> Done {
    // SAFETY: plain system calls.
    unsafe {
        for capability in 0..64 {
            match done(libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0)) {
                Ok(()) => {}
                // Past the last one that this kernel knows.
                Err(Errno::EINVAL) => break,
                // Without privileges the set stays, and no_new_privs makes it void.
                Err(Errno::EPERM) => break,
                other => return other,
            }
        }
    }
    Ok(())
}

unsafe fn no_capabilities() -> Done {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: c_int,
    }
    const VERSION_3: u32 = 0x2008_0522;
    let header = Header { version: VERSION_3, pid: 0 };
    let nothing = [0u32; 6];
    // SAFETY: plain system calls, on local structures of the size of version 3.
    unsafe {
        libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        did(libc::syscall(libc::SYS_capset, &raw const header, nothing.as_ptr()))
    }
}

unsafe fn install(program: &FilterProgram) -> Done {
    const SET_MODE_FILTER: u32 = 1;
    let program = libc::sock_fprog {
        len: program.len() as u16,
        // The kernel only reads.
        filter: program.as_ptr().cast_mut(),
    };
    // SAFETY: the program outlives the call.
    unsafe { did(libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, 0u32, &raw const program)) }
}

fn done(result: c_int) -> Done {
    did(c_long::from(result))
}

fn did(result: c_long) -> Done {
    if result == -1 { Err(Errno::last()) } else { Ok(()) }
}

fn unless_there(result: c_int) -> Done {
    match done(result) {
        // What is below something shown is there already, and may be out of reach.
        Err(Errno::EEXIST | Errno::EROFS) => Ok(()),
        other => other,
    }
}

/// The version of the kernel's Landlock; 0 if it has none.
pub fn landlock_version() -> i32 {
    static VERSION: LazyLock<i32> = LazyLock::new(ask_for_landlock);
    *VERSION
}

impl Step {
    /// Installs the filter of system calls that stands in every tier; none if this kernel takes
    /// no filters. To come last, after [`Step::NoNewPrivileges`].
    pub fn filter() -> Option<Self> {
        static AVAILABLE: LazyLock<bool> = LazyLock::new(takes_filters);
        AVAILABLE.then(|| Self::Filter(filter::PROGRAM.clone()))
    }
}

fn takes_filters() -> bool {
    const GET_ACTION_AVAIL: u32 = 2;
    let refuse = libc::SECCOMP_RET_ERRNO;
    // SAFETY: asks whether a filter may refuse a call.
    let answer =
        unsafe { libc::syscall(libc::SYS_seccomp, GET_ACTION_AVAIL, 0u32, &raw const refuse) };
    answer == 0
}

fn ask_for_landlock() -> i32 {
    const VERSION: u32 = 1;
    let nothing = null::<u8>();
    // SAFETY: asks for the version only.
    let version =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0usize, VERSION) };
    i32::try_from(version).unwrap_or(0).max(0)
}
