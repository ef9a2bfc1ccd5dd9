//! What the caller has besides the programs that it runs.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::exit;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::stat::fstat;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{ForkResult, Pid, fork};

/// A child that has ended with `status`, and that nobody has waited for.
pub fn ended_child(status: i32) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(status),
        ForkResult::Parent { child } => {
            waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            Ok(child)
        }
    }
}

/// From now on a signal ends every call that it interrupts, and nothing else.
pub fn be_interrupted() -> io::Result<()> {
    extern "C" fn ignore(_: libc::c_int) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
}

/// Which files this process has as its input and outputs, by their numbers.
pub fn files(name: &str) -> io::Result<String> {
    let number =
        |file: BorrowedFd| fstat(file).map(|file| format!("{}:{}", file.st_dev, file.st_ino));
    let [stdin, stdout, stderr] = [
        number(io::stdin().as_fd())?,
        number(io::stdout().as_fd())?,
        number(io::stderr().as_fd())?,
    ];
    Ok(format!("{name}={stdin},{stdout},{stderr}"))
}

/// How many descriptors this process has open.
pub fn open_descriptors() -> usize {
    // SAFETY: the call looks at a number, whether it is that of an open descriptor or not.
    let is_open = |number: &i32| unsafe { libc::fcntl(*number, libc::F_GETFD) } >= 0;
    (0..1024).filter(is_open).count()
}

/// Which signals this process blocks, ignores and handles, of those that are not for the C library.
pub fn treated_signals() -> Vec<u64> {
    const ORDINARY: u64 = (1 << 31) - 1;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let sets = ["SigBlk:", "SigIgn:", "SigCgt:"].map(|name| {
        let set = status.lines().find_map(|line| line.strip_prefix(name))?;
        u64::from_str_radix(set.trim(), 16).ok()
    });
    sets.into_iter().flatten().map(|set| set & ORDINARY).collect()
}
