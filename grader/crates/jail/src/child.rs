//! The child's side of a launch: between `fork` and `execve`.
//!
//! System calls only, on memory that the parent prepared.
#![expect(unsafe_code, reason = "fork, and what a child may do before exec")]

use std::ffi::CStr;
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::sched::CloneFlags;

use crate::Step;

/// What the child needs, all of it prepared before the fork.
pub(crate) struct Child<'a> {
    pub(crate) path: &'a CStr,
    pub(crate) arguments: Vec<*const libc::c_char>,
    pub(crate) environment: Vec<*const libc::c_char>,
    pub(crate) stdio: [RawFd; 3],
    /// What an init does before it forks the program; without init there is none.
    pub(crate) init: Option<Init<'a>>,
    pub(crate) steps: &'a [Step],
    /// Read: one byte when we have been adopted, one when the program may start.
    pub(crate) gate: RawFd,
    /// Written: an empty hello, or what went wrong.
    pub(crate) report: RawFd,
    /// The parent's ends of both.
    pub(crate) others: [RawFd; 2],
}

/// The part of process 1.
#[derive(Clone, Copy)]
pub(crate) struct Init<'a> {
    pub(crate) setup: &'a [Step],
    /// Written: what outlived the program, once nothing runs any more. Ends when init
    /// shall end, and with it all namespaces.
    pub(crate) hold: RawFd,
    /// The parent's end.
    pub(crate) other: RawFd,
}

/// What init counts at the end, in the order of [`count_objects`].
pub(crate) type Objects = [u32; 3];

/// Says that the child is there; failures are longer.
pub(crate) const HELLO: usize = 1;
/// The step number that stands for everything after the steps.
pub(crate) const EXECUTE: u32 = u32::MAX;

/// Where the child keeps the two pipes to its parent while it waits.
const GATE: RawFd = 3;
const REPORT: RawFd = 4;

/// `fork`, into new namespaces if there are `flags`; 0 in the child.
///
/// # Safety
/// The child may only make system calls until it executes a program or exits.
pub(crate) unsafe fn fork_into(flags: CloneFlags) -> Result<i32, Errno> {
    let flags = libc::c_long::from(flags.bits() | libc::SIGCHLD);
    // Not the fork of libc, which knows no flags. All arguments beyond the flags are
    // null, so their order, which differs between processors, does not matter.
    // SAFETY: without CLONE_VM and a stack of its own this is a fork.
    let result = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    Errno::result(result).map(|pid| pid as i32)
}

impl Child<'_> {
    /// Never returns: executes the program, becomes its init, or exits.
    pub(crate) fn run(self) -> ! {
        // SAFETY: system calls only, on descriptors and pointers that outlive the call.
        unsafe {
            for descriptor in self.others {
                libc::close(descriptor);
            }
            self.await_gate(self.gate);
            libc::umask(0o022);
            match self.init {
                None => self.become_program(0),
                Some(init) => self.become_init(init),
            }
        }
    }

    /// Does the setup, forks the program, reaps, and ends when it is told to.
    unsafe fn become_init(self, init: Init) -> ! {
        // SAFETY: as in `run`.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            self.perform(0, init.setup);
            let program = match fork_into(CloneFlags::empty()) {
                Ok(0) => self.become_program(init.setup.len() as u32),
                Ok(pid) => pid,
                Err(error) => self.fail(EXECUTE - 1, error),
            };
            // Its memory is a copy of the grader's, and the program may be the same user.
            // The program's own is to be traced, and is replaced before it runs.
            libc::prctl(libc::PR_SET_DUMPABLE, 0);
            libc::close(init.other);
            libc::dup2(init.hold, 0);
            libc::syscall(libc::SYS_close_range, 1u32, u32::MAX, 0u32);
            reap_until(program);
            // Ours is a pid namespace of its own: the check keeps a mistake elsewhere
            // from killing the host.
            if libc::getpid() == 1 {
                libc::kill(-1, libc::SIGKILL);
            }
            reap_until(0);
            let objects = count_objects();
            libc::write(0, objects.as_ptr().cast(), size_of_val(&objects));
            let mut byte = 0u8;
            while libc::read(0, (&raw mut byte).cast(), 1) > 0 {}
            libc::_exit(0)
        }
    }

    unsafe fn become_program(mut self, first: u32) -> ! {
        // SAFETY: as in `run`.
        unsafe {
            libc::write(self.report, [0u8; HELLO].as_ptr().cast(), HELLO);
            self.perform(first, self.steps);
            // Before the wait: a child that waits must not hold pipes of its siblings.
            self.take_descriptors();
            self.await_gate(GATE);
            reset_signals();
            libc::execve(self.path.as_ptr(), self.arguments.as_ptr(), self.environment.as_ptr());
        }
        self.fail(EXECUTE, Errno::last())
    }

    fn perform(&self, first: u32, steps: &[Step]) {
        for (index, step) in (first..).zip(steps) {
            if let Err(error) = step.perform() {
                self.fail(index, error);
            }
        }
    }

    unsafe fn await_gate(&self, gate: RawFd) {
        let mut byte = 0u8;
        // SAFETY: one byte on the stack.
        unsafe {
            if libc::read(gate, (&raw mut byte).cast(), 1) != 1 {
                libc::_exit(127);
            }
        }
    }

    /// Puts the three streams at 0, 1 and 2, the gate and the report above them,
    /// and closes everything else that came over from the parent.
    unsafe fn take_descriptors(&mut self) {
        let [input, output, error] = self.stdio;
        let from = [input, output, error, self.gate, self.report];
        // SAFETY: as in `run`. All are moved out of the way first, since a source may
        // itself be one of the targets.
        unsafe {
            let mut above = [0; 5];
            for (to, from) in above.iter_mut().zip(from) {
                *to = libc::fcntl(from, libc::F_DUPFD_CLOEXEC, REPORT + 1);
            }
            for (to, from) in (0..).zip(above) {
                let flags = if to < GATE { 0 } else { libc::O_CLOEXEC };
                if libc::dup3(from, to, flags) == -1 {
                    self.fail(EXECUTE, Errno::last());
                }
            }
            self.report = REPORT;
            libc::syscall(libc::SYS_close_range, REPORT + 1, u32::MAX, 0u32);
        }
    }

    fn fail(&self, index: u32, error: Errno) -> ! {
        let [a, b, c, d] = index.to_ne_bytes();
        let [e, f, g, h] = (error as i32).to_ne_bytes();
        let report = [a, b, c, d, e, f, g, h];
        // SAFETY: writes eight bytes from the stack and leaves without unwinding.
        unsafe {
            libc::write(self.report, report.as_ptr().cast(), report.len());
            libc::_exit(127)
        }
    }
}

/// The System V objects of the IPC namespace: segments, semaphore sets, queues.
unsafe fn count_objects() -> Objects {
    const SHM_INFO: libc::c_int = 14;
    // SAFETY: each call fills a structure of its own; all are plain numbers, and more
    // room is given than any of them takes.
    unsafe {
        let mut info = [0i32; 64];
        let at = info.as_mut_ptr();
        let of =
            |result: libc::c_int, index: usize| if result < 0 { 0 } else { at.add(index).read() };
        // The kernel says how many there are in used_ids, semusz and msgpool.
        let segments = of(libc::shmctl(0, SHM_INFO, at.cast()), 0);
        let sets = of(libc::semctl(0, 0, libc::SEM_INFO, at), 7);
        let queues = of(libc::msgctl(0, libc::MSG_INFO, at.cast()), 0);
        [segments as u32, sets as u32, queues as u32]
    }
}

/// Reaps children until `last` has ended or there are none.
unsafe fn reap_until(last: i32) {
    let nothing = std::ptr::null_mut();
    // SAFETY: wait4 takes null for what is not wanted.
    unsafe {
        loop {
            let pid = libc::wait4(-1, nothing, libc::__WALL, nothing.cast());
            if pid == last || (pid == -1 && Errno::last() != Errno::EINTR) {
                return;
            }
        }
    }
}

/// The dispositions that every program expects, whatever ours are: a Rust parent ignores SIGPIPE, and
/// one that a shell started in the background SIGINT and SIGQUIT.
unsafe fn reset_signals() {
    const LAST: i32 = 64;
    // The kernel's own `sigaction`: nobody handles it, no flags, nothing blocked meanwhile. The C
    // library's function would leave out its own two signals.
    let default = [0u64; 4];
    let size = size_of::<u64>();
    // SAFETY: plain system calls on local, initialised sets. For two signals they fail.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
        for signal in 1..=LAST {
            let old = std::ptr::null_mut::<u64>();
            libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), old, size);
        }
    }
}
