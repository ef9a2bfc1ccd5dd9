//! What a program is like that stands behind walls.
#![expect(unsafe_code, reason = "asks the kernel about the process")]

use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};

use super::works::{checked, own_directory};
use super::{Canary, EVERYWHERE, Promise, Scene};
use crate::Tier;

pub(super) const CANARIES: &[Canary] = &[
    Canary {
        name: "it is not process 1",
        promise: Promise::Lessons,
        held_in: EVERYWHERE,
        perform: |_| unless(std::process::id() == 1, "it is"),
    },
    Canary {
        name: "its environment is empty",
        promise: Promise::Files,
        held_in: EVERYWHERE,
        perform: |_| {
            let given = std::env::vars_os().filter(|(name, _)| name != "TMPDIR").count();
            unless(given > 0, "it is not")
        },
    },
    Canary {
        name: "it has three descriptors",
        promise: Promise::Files,
        held_in: EVERYWHERE,
        perform: |_| {
            // SAFETY: asks about a number.
            let open = |number: &i32| unsafe { libc::fcntl(*number, libc::F_GETFD) } != -1;
            match (3..1024).find(open) {
                Some(number) => Err(format!("descriptor {number} is open")),
                None => Ok(()),
            }
        },
    },
    Canary {
        name: "it can gain no privileges",
        promise: Promise::Privileges,
        held_in: EVERYWHERE,
        perform: |_| {
            // SAFETY: asks for a flag.
            let set = unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) };
            unless(set != 1, "no_new_privs is not set")
        },
    },
    Canary {
        name: "it has no capabilities",
        promise: Promise::Privileges,
        held_in: EVERYWHERE,
        perform: |_| no_capabilities(),
    },
    Canary {
        name: "it is not root",
        promise: Promise::Privileges,
        held_in: EVERYWHERE,
        // SAFETY: asks for numbers.
        perform: |_| unsafe {
            unless(libc::getuid() == 0 || libc::geteuid() == 0 || libc::getegid() == 0, "it is")
        },
    },
    Canary {
        name: "it is in no groups",
        promise: Promise::Privileges,
        held_in: Tier::has_users,
        // SAFETY: asks how many there are.
        perform: |_| unsafe {
            let count = checked("getgroups", libc::getgroups(0, std::ptr::null_mut()))?;
            unless(count > 0, "it is")
        },
    },
    Canary {
        name: "it filters system calls",
        promise: Promise::Kernel,
        held_in: EVERYWHERE,
        perform: |_| {
            // SAFETY: asks for a number.
            let mode = unsafe { libc::prctl(libc::PR_GET_SECCOMP, 0, 0, 0, 0) };
            unless(mode != 2, "it does not")
        },
    },
    Canary {
        name: "it sees no processes but its own",
        promise: Promise::Processes,
        held_in: EVERYWHERE,
        perform: |_| sees_only_itself(),
    },
    Canary {
        name: "it is in a pid namespace of its own",
        promise: Promise::Processes,
        held_in: Tier::has_namespaces,
        // SAFETY: asks for a number.
        perform: |_| unsafe { unless(libc::getppid() != 1, "its parent is not process 1") },
    },
    Canary {
        name: "its namespaces are its own",
        promise: Promise::Processes,
        held_in: Tier::has_namespaces,
        perform: |scene| {
            let own = super::namespaces();
            let shared = own.iter().find(|name| scene.namespaces.contains(name));
            match shared {
                Some(name) => Err(format!("it shares {name}")),
                None => unless(own.is_empty(), "it cannot see them"),
            }
        },
    },
    Canary {
        name: "it leads a session of its own",
        promise: Promise::Processes,
        held_in: EVERYWHERE,
        // SAFETY: asks for numbers.
        perform: |_| unsafe { unless(libc::getsid(0) != libc::getpid(), "it does not") },
    },
    Canary {
        name: "it dies with its keeper",
        promise: Promise::Processes,
        // With namespaces it dies with its init.
        held_in: |tier| !tier.has_namespaces(),
        perform: |_| {
            let mut signal = 0;
            // SAFETY: a local number to be written to.
            unsafe { libc::prctl(libc::PR_GET_PDEATHSIG, &raw mut signal) };
            unless(signal != libc::SIGKILL, "it does not")
        },
    },
    Canary {
        name: "no program can give it capabilities",
        promise: Promise::Privileges,
        held_in: |tier| tier != Tier::D,
        perform: |_| {
            // SAFETY: asks for flags.
            let kept = |number: &libc::c_int| unsafe { libc::prctl(libc::PR_CAPBSET_READ, *number, 0, 0, 0) } == 1;
            match (0..64).find(kept) {
                Some(number) => Err(format!("its bounding set has capability {number}")),
                None => Ok(()),
            }
        },
    },
    Canary {
        name: "its host has another name",
        promise: Promise::Files,
        held_in: Tier::has_namespaces,
        perform: |_| {
            let mut name = [0_u8; 65];
            // SAFETY: a local buffer, of which the last byte stays NUL.
            let asked = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) };
            checked("gethostname", asked)?;
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            let reason = format!("it is called {}", String::from_utf8_lossy(name));
            unless(name != b"jail", &reason)
        },
    },
    Canary {
        name: "it starts where it may write",
        promise: Promise::Lessons,
        held_in: EVERYWHERE,
        perform: |_| {
            let made = fs::File::create("canary-here").map(drop);
            made.and_then(|()| fs::remove_file("canary-here")).map_err(|error| error.to_string())
        },
    },
    Canary {
        name: "its files are bounded",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |scene| limited(libc::RLIMIT_FSIZE, scene.file_size),
    },
    Canary {
        name: "it dumps no core",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_CORE, 0),
    },
    Canary {
        name: "its descriptors are bounded",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_NOFILE, 1 << 16),
    },
    Canary {
        name: "its address space is bounded",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_AS, 1 << 46),
    },
    Canary {
        name: "its data are bounded",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_DATA, 1 << 46),
    },
    Canary {
        name: "its stack is bounded",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_STACK, 8 << 20),
    },
    Canary {
        name: "it cannot raise its priority",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_NICE, 0),
    },
    Canary {
        name: "its processor time is bounded",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_CPU, 1 << 20),
    },
    Canary {
        name: "its locked memory is bounded",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_MEMLOCK, 1 << 20),
    },
    Canary {
        name: "its message queues are bounded",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_MSGQUEUE, 819_200),
    },
    Canary {
        name: "its waiting signals are bounded",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_SIGPENDING, 4096),
    },
    Canary {
        name: "it has no priority in real time",
        promise: Promise::Bounds,
        held_in: EVERYWHERE,
        perform: |_| limited(libc::RLIMIT_RTPRIO, 0),
    },
    Canary {
        name: "its processes are bounded",
        promise: Promise::Bounds,
        held_in: |tier| tier != Tier::D,
        perform: |_| limited(libc::RLIMIT_NPROC, 1 << 16),
    },
    Canary {
        name: "its /tmp is its own and bounded",
        promise: Promise::Bounds,
        held_in: Tier::has_namespaces,
        perform: bounded_tmp,
    },
    Canary {
        name: "its root is empty but for what it may see",
        promise: Promise::Files,
        held_in: Tier::has_namespaces,
        perform: |_| {
            let hidden = ["/etc/passwd", "/root", "/home", "/var", "/sys", "/boot"];
            let itself = std::env::current_exe().map_err(|error| error.to_string())?;
            match hidden.iter().find_map(|path| seen(Path::new(path), &itself)) {
                Some(path) => Err(format!("{} is there", path.display())),
                None => Ok(()),
            }
        },
    },
];

pub(super) fn unless(bad: bool, reason: &str) -> Result<(), String> {
    if bad { Err(reason.to_owned()) } else { Ok(()) }
}

/// What there is at `path` that is neither the program `granted` nor the way to it.
fn seen(path: &Path, granted: &Path) -> Option<PathBuf> {
    path.symlink_metadata().ok()?;
    if path == granted {
        return None;
    }
    if !granted.starts_with(path) {
        return Some(path.to_owned());
    }
    let inner = fs::read_dir(path).into_iter().flatten().flatten();
    inner.map(|entry| entry.path()).find_map(|inner| seen(&inner, granted))
}

fn no_capabilities() -> Result<(), String> {
    let header = [0x2008_0522u32, 0];
    let mut sets = [0u32; 6];
    // SAFETY: the structures of version 3, as plain numbers.
    let result = unsafe { libc::syscall(libc::SYS_capget, header.as_ptr(), sets.as_mut_ptr()) };
    checked("capget", result)?;
    unless(sets.iter().any(|set| *set != 0), "it has some")
}

fn sees_only_itself() -> Result<(), String> {
    let own = std::process::id();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(pid) = name.parse::<u32>() else { continue };
        // Init, and children of its own such as the daemon of another canary.
        let related = pid == 1 || pid >= own;
        let readable = fs::read_to_string(format!("/proc/{pid}/status"));
        let foreign = readable.is_ok_and(|status| !related || is_of_others(&status));
        unless(foreign, &format!("it sees process {pid}"))?;
    }
    Ok(())
}

/// Outside of a namespace of its own a program has no init.
fn is_of_others(status: &str) -> bool {
    // SAFETY: asks for a number.
    let with_init = unsafe { libc::getppid() } == 1;
    let is_init = status.lines().any(|line| line == "Pid:\t1");
    is_init && !with_init
}

fn limited(resource: libc::__rlimit_resource_t, most: u64) -> Result<(), String> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a local structure.
    checked("getrlimit", unsafe { libc::getrlimit(resource, &raw mut limit) })?;
    unless(limit.rlim_max > most, &format!("up to {}", limit.rlim_max))
}

fn bounded_tmp(scene: &Scene) -> Result<(), String> {
    let path = own_directory();
    let path = CString::new(path.as_os_str().as_encoded_bytes()).map_err(|e| e.to_string())?;
    // SAFETY: a string that ends with NUL, and a local structure of plain numbers.
    let size = unsafe {
        let mut system: libc::statvfs = std::mem::zeroed();
        checked("statvfs", libc::statvfs(path.as_ptr(), &raw mut system))?;
        system.f_blocks * system.f_frsize
    };
    unless(size > scene.temporary, &format!("it has {size} bytes"))
}
