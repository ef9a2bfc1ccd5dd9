//! What differs between processors: registers, system calls and instructions.

#[cfg(target_arch = "aarch64")]
#[path = "aarch64.rs"]
mod processor;
#[cfg(target_arch = "x86_64")]
#[path = "x86_64.rs"]
mod processor;

pub(crate) use processor::*;

/// ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND and ERESTART_RESTARTBLOCK: answers of a
/// call that a stop broke off and that the kernel will make again. No program sees them.
const AGAIN: [i64; 4] = [512, 513, 514, 516];

/// Calls that a stop breaks off with EINTR although no signal came: the kernel restarts
/// these only if asked.
pub(crate) const BROKEN_OFF: [i64; 16] = [
    libc::SYS_semop,
    libc::SYS_semtimedop,
    EPOLL_WAIT,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_io_uring_enter,
    // Sockets with a timeout
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_accept4,
];
