//! What has to be refused.
#![expect(unsafe_code, reason = "tries what is not to be had")]

use std::fs::{self, File};
use std::io;

use libc::{c_int, c_long};

use super::state::unless;
#[cfg(target_arch = "x86_64")]
use super::works::in_child;
use super::{Canary, EVERYWHERE, Promise, Scene};

pub(super) const CANARIES: &[Canary] = &[
    no("a file outside cannot be read", Promise::Files, |scene| opened(File::open(&scene.outside))),
    no("a file outside cannot be written", Promise::Files, |scene| {
        opened(File::options().write(true).open(&scene.outside))
    }),
    no("no file can be made outside", Promise::Files, |scene| {
        let path = scene.outside.with_extension("canary");
        let made = File::create(&path);
        let _ = fs::remove_file(&path);
        opened(made)
    }),
    no("it cannot change itself", Promise::Files, |_| {
        let itself = std::env::current_exe().map_err(|error| error.to_string())?;
        opened(File::options().write(true).open(itself))
    }),
    no("the system's files cannot be changed", Promise::Files, |_| {
        opened(File::create("/usr/canary"))
    }),
    Canary {
        name: "a process outside cannot be signalled",
        promise: Promise::Processes,
        // With namespaces the number may be somebody inside.
        held_in: |tier| !tier.has_namespaces(),
        perform: |scene| {
            // SAFETY: signal 0 does nothing.
            let sent = unsafe { libc::kill(scene.process, 0) };
            unless(sent == 0, "it can")
        },
    },
    no("the bounds of another cannot be set", Promise::Processes, |_| {
        // SAFETY: asks for the parent's number.
        let parent = unsafe { libc::getppid() };
        let mut bounds = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        let old = (&raw mut bounds) as c_long;
        // Asking is refused like setting, and harms nobody should it be answered.
        unless_error(
            // SAFETY: a local structure, to be written to.
            unsafe {
                libc::syscall(libc::SYS_prlimit64, parent, libc::RLIMIT_NOFILE, 0, old, 0, 0)
            },
            libc::EPERM,
        )
    }),
    no("the priority of its user's processes cannot be set", Promise::Processes, |_| {
        // SAFETY: takes plain numbers; should it go through, the priority is what it was.
        let own = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        call(libc::SYS_setpriority, [libc::PRIO_USER.into(), 0, own.into()])
    }),
    no("an abstract socket outside cannot be reached", Promise::Network, abstract_socket),
    no("there are no IPv4 sockets", Promise::Network, |_| socket(libc::AF_INET)),
    no("there are no IPv6 sockets", Promise::Network, |_| socket(libc::AF_INET6)),
    no("there are no netlink sockets", Promise::Network, |_| socket(libc::AF_NETLINK)),
    no("there are no packet sockets", Promise::Network, |_| socket(libc::AF_PACKET)),
    no("there are no vsock sockets", Promise::Network, |_| socket(libc::AF_VSOCK)),
    no("there are no kernel crypto sockets", Promise::Network, |_| socket(libc::AF_ALG)),
    no("it cannot become root", Promise::Privileges, |_| {
        // SAFETY: not the wrapper of libc, which would concern all threads.
        refused(unsafe { libc::syscall(libc::SYS_setresuid, 0, 0, 0) })
    }),
    no("ptrace is refused", Promise::Kernel, |_| call(libc::SYS_ptrace, [0, 0, 0])),
    no("the memory of others cannot be read", Promise::Kernel, |scene| {
        call(libc::SYS_process_vm_readv, [scene.process.into(), 0, 0])
    }),
    no("descriptors of others cannot be taken", Promise::Kernel, |_| {
        call(libc::SYS_pidfd_getfd, [-1, 0, 0])
    }),
    no("unshare is refused", Promise::Kernel, |_| {
        call(libc::SYS_unshare, [libc::CLONE_NEWUSER.into(), 0, 0])
    }),
    no("clone makes no namespaces", Promise::Kernel, |_| clone(libc::CLONE_NEWUSER)),
    no("clone hides no children from the observer", Promise::Kernel, |_| {
        clone(libc::CLONE_UNTRACED)
    }),
    no("clone3 does not exist", Promise::Kernel, |_| call(libc::SYS_clone3, [0, 0, 0])),
    no("setns is refused", Promise::Kernel, |_| call(libc::SYS_setns, [0, 0, 0])),
    no("mount is refused", Promise::Kernel, |_| call(libc::SYS_mount, [0, 0, 0])),
    no("chroot is refused", Promise::Kernel, |_| {
        call(libc::SYS_chroot, [c"/".as_ptr() as c_long, 0, 0])
    }),
    no("bpf is refused", Promise::Kernel, |_| call(libc::SYS_bpf, [0, 0, 0])),
    no("io_uring is refused", Promise::Kernel, |_| call(libc::SYS_io_uring_setup, [1, 0, 0])),
    no("userfaultfd is refused", Promise::Kernel, |_| call(libc::SYS_userfaultfd, [1, 0, 0])),
    no("keyrings are refused", Promise::Kernel, |_| call(libc::SYS_keyctl, [0, -3, 0])),
    no("perf is refused", Promise::Kernel, |_| call(libc::SYS_perf_event_open, [0, 0, 0])),
    no("files by handle are refused", Promise::Kernel, |_| {
        call(libc::SYS_open_by_handle_at, [-1, 0, 0])
    }),
    no("nothing can be typed into a terminal", Promise::Kernel, |_| {
        let byte = c"x".as_ptr() as c_long;
        call(libc::SYS_ioctl, [0, libc::TIOCSTI as c_long, byte])
    }),
    no("a call that is not on the list does not exist", Promise::Kernel, |_| {
        // Never given to anyone.
        unless_error(call_number(1023, [0, 0, 0]), libc::ENOSYS)
    }),
    #[cfg(target_arch = "x86_64")]
    no("calls of 32-bit programs end the program", Promise::Kernel, |_| foreign_call()),
];

const fn no(
    name: &'static str,
    promise: Promise,
    perform: fn(&Scene) -> Result<(), String>,
) -> Canary {
    Canary { name, promise, held_in: EVERYWHERE, perform }
}

fn opened(result: io::Result<File>) -> Result<(), String> {
    unless(result.is_ok(), "it can")
}

fn refused(result: c_long) -> Result<(), String> {
    unless(result != -1, "it is not")
}

/// Calls with arguments that would do no harm, and expects the filter to answer: the
/// kernel itself would complain of other things.
fn call(number: c_long, arguments: [c_long; 3]) -> Result<(), String> {
    let expected = if number == libc::SYS_clone3 { libc::ENOSYS } else { libc::EPERM };
    unless_error(call_number(number, arguments), expected)
}

fn call_number(number: c_long, [a, b, c]: [c_long; 3]) -> c_long {
    // SAFETY: null pointers, bad descriptors, or a string that ends with NUL.
    unsafe { libc::syscall(number, a, b, c, 0, 0, 0) }
}

fn unless_error(result: c_long, expected: c_int) -> Result<(), String> {
    let error = io::Error::last_os_error();
    if result == -1 && error.raw_os_error() == Some(expected) {
        return Ok(());
    }
    Err(if result == -1 {
        format!("answered by the kernel: {error}")
    } else {
        "it is not".to_owned()
    })
}

/// `clone`, which as a fork needs nothing but flags. A child that comes of it is gone at once.
fn clone(flag: c_int) -> Result<(), String> {
    let flags = c_long::from(flag | libc::SIGCHLD);
    // SAFETY: without CLONE_VM this is a fork, of a program with one thread.
    unsafe {
        let result = libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0);
        if result == 0 {
            libc::_exit(0);
        }
        refused(result)
    }
}

fn socket(family: c_int) -> Result<(), String> {
    for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_RAW, libc::SOCK_SEQPACKET] {
        unless_error(call_number(libc::SYS_socket, [family.into(), kind.into(), 0]), libc::EPERM)?;
    }
    Ok(())
}

fn abstract_socket(scene: &Scene) -> Result<(), String> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixStream};
    let address = SocketAddr::from_abstract_name(&scene.socket).map_err(|e| e.to_string())?;
    unless(UnixStream::connect_addr(&address).is_ok(), "it can")
}

/// `getpid` by the calling convention of 32-bit programs, whose numbers differ.
#[cfg(target_arch = "x86_64")]
fn foreign_call() -> Result<(), String> {
    let status = in_child(|| {
        // SAFETY: changes nothing but the register that it returns in.
        unsafe { std::arch::asm!("int 0x80", inout("eax") 20 => _) };
        0
    })?;
    unless(libc::WIFEXITED(status), "they do not")
}
