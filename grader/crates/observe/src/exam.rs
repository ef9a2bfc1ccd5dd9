//! Holds every task of a run still, to see what `/proc` does not show.
//!
//! Two things: the registers, from which stacks are unwound, and whether a process
//! has set an alarm (`alarm`, `setitimer`), which only the process itself can ask
//! for. So one task of each process is made to ask, and then put back as it was:
//! a task that waits in a system call goes on waiting and never notices.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jail::Pid;
use jail::trace::{Status, Waited, wait_any};
use libc::user_regs_struct;
use nix::sys::ptrace;

use crate::mappings;
use crate::memory;
use crate::proc::Call;
use crate::shared::Exam;
use crate::spin;
use crate::tracer::{Next, Tracer, kill_all_but};

/// What an examination saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Examined {
    /// The registers of each task that could be held.
    pub(crate) registers: BTreeMap<i32, user_regs_struct>,
    /// The alarm of each process.
    pub(crate) alarms: BTreeMap<i32, Alarm>,
    /// Whether the one running task was seen to go round for ever.
    pub(crate) goes_round: bool,
    /// The generation of the family while all were held.
    pub(crate) generation: u64,
}

impl Examined {
    /// The system call that holding the task broke off, to be taken up again.
    pub(crate) fn interrupted_call(&self, tid: i32) -> Option<Call> {
        let regs = self.registers.get(&tid)?;
        // ERESTARTSYS and its kin, which no program ever sees, and EINTR of semop.
        let broken_off = [512, 513, 514, 516, i64::from(libc::EINTR)];
        if !broken_off.contains(&regs.rax.cast_signed().wrapping_neg()) {
            return None;
        }
        let args = [regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9];
        let number = regs.orig_rax.cast_signed();
        (number >= 0).then_some(Call { number, args, at: (regs.rsp, regs.rip) })
    }
}

/// Whether a process will get SIGALRM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// It has set none.
    Unset,
    /// It will, this much later.
    Set(Duration),
    /// It could not be made to say.
    Unknown,
}

impl Tracer<'_> {
    /// Whether this stop is the one that the watching thread causes to request an
    /// examination.
    pub(crate) fn requests_exam(&self, waited: &Waited) -> bool {
        is_ours(waited, self.nested) && matches!(self.shared.lock().exam, Exam::Requested { .. })
    }

    /// Holds all tasks, reports what is to be seen, and does as is then decided.
    pub(crate) fn examine(&self, first: Pid) {
        let held = self.hold_all(first);
        if self.shared.lock().ending {
            release(held);
            return;
        }
        let alarms = self.alarms(&held);
        let runner = match self.shared.lock().exam {
            Exam::Requested { runner } => runner,
            _ => None,
        };
        let still = |tid: i32| held.get(&tid) == Some(&Next::Run { signal: 0 });
        let goes_round =
            runner.is_some_and(|one| still(one.tid) && spin::goes_round(one.pid, one.tid));
        let registers = held.keys().filter_map(|tid| {
            let registers = ptrace::getregs(Pid::from_raw(*tid)).ok()?;
            Some((*tid, registers))
        });
        let registers = registers.collect();
        let generation = self.shared.lock().family.generation();
        let wanted =
            self.shared.report_exam(Examined { registers, alarms, goes_round, generation });
        if !wanted || self.shared.wait_for_decision() {
            held.keys().for_each(|tid| restart(Pid::from_raw(*tid)));
            release(held);
        } else {
            let mut state = self.shared.lock();
            state.ending = true;
            kill_all_but(&mut state, 0);
        }
    }

    /// Stops every task. Those that end meanwhile are recorded as ever.
    fn hold_all(&self, first: Pid) -> BTreeMap<i32, Next> {
        let mut held = BTreeMap::from([(first.as_raw(), Next::Run { signal: 0 })]);
        let mut awaited = BTreeSet::new();
        for task in self.shared.lock().family.roll() {
            if task.tid != first.as_raw() && !task.exiting {
                let interrupted = ptrace::interrupt(Pid::from_raw(task.tid));
                awaited.extend(interrupted.is_ok().then_some(task.tid));
            }
        }
        while !awaited.is_empty() {
            let Ok(waited) = wait_any() else { break };
            let tid = waited.pid.as_raw();
            match self.note(&waited) {
                Some(next) if awaited.contains(&tid) || !self.is_exiting(tid) => {
                    held.insert(tid, next);
                }
                Some(next) => next.take(waited.pid),
                None => drop(held.remove(&tid)),
            }
            awaited.remove(&tid);
        }
        held
    }

    fn is_exiting(&self, tid: i32) -> bool {
        self.shared.lock().family.roll().iter().any(|task| task.tid == tid && task.exiting)
    }

    /// Asks one held task of each process.
    fn alarms(&self, held: &BTreeMap<i32, Next>) -> BTreeMap<i32, Alarm> {
        let mut alarms = BTreeMap::new();
        for (tid, next) in held {
            let process = self.shared.lock().family.process_of(*tid);
            let Some(process) = process else { continue };
            let known = alarms.get(&process).is_some_and(|alarm| *alarm != Alarm::Unknown);
            if !known && *next == (Next::Run { signal: 0 }) {
                alarms.insert(process, ask_for_alarm(Pid::from_raw(*tid)));
            }
        }
        alarms
    }
}

fn release(held: BTreeMap<i32, Next>) {
    held.into_iter().for_each(|(tid, next)| next.take(Pid::from_raw(tid)));
}

/// Whether a task stopped for a SIGSTOP of ours, which it must never get to see.
///
/// The program of a `nested` run has a pid namespace of its own. It is told that we, who
/// are outside, are process 0; our own number may there be that of somebody else.
pub(crate) fn is_ours(waited: &Waited, nested: bool) -> bool {
    if waited.status != (Status::Stopped { signal: libc::SIGSTOP, event: 0 }) {
        return false;
    }
    let us = if nested { 0 } else { nix::unistd::getpid().as_raw() };
    ptrace::getsiginfo(waited.pid).is_ok_and(|info| jail::trace::sender(&info) == us)
}

/// Makes a held task call `getitimer`. Its registers are as before afterwards.
fn ask_for_alarm(pid: Pid) -> Alarm {
    let Ok(saved) = ptrace::getregs(pid) else { return Alarm::Unknown };
    let answer = call_getitimer(pid, saved);
    // If this fails the task is dead, and so is the proof.
    let _ = ptrace::setregs(pid, saved);
    answer
        .map_or(Alarm::Unknown, |left| if left.is_zero() { Alarm::Unset } else { Alarm::Set(left) })
}

/// The two bytes of the `syscall` instruction of x86-64.
const SYSCALL: [u8; 2] = [0x0f, 0x05];

fn call_getitimer(pid: Pid, saved: user_regs_struct) -> Option<Duration> {
    let instruction = syscall_instruction(pid.as_raw(), saved.rip)?;
    // Well below the stack pointer and its red zone nothing is kept.
    let answer_at = saved.rsp.checked_sub(1024)? & !15;
    let mut registers = saved;
    registers.rip = instruction;
    registers.rax = libc::SYS_getitimer as u64;
    // The call that was interrupted must not be restarted now.
    registers.orig_rax = u64::MAX;
    registers.rdi = libc::ITIMER_REAL as u64;
    registers.rsi = answer_at;
    ptrace::setregs(pid, registers).ok()?;
    ptrace::step(pid, None).ok()?;
    let stop = nix::sys::wait::waitpid(pid, Some(nix::sys::wait::WaitPidFlag::__WALL)).ok()?;
    let stepped = nix::sys::wait::WaitStatus::Stopped(pid, nix::sys::signal::Signal::SIGTRAP);
    if stop != stepped || ptrace::getregs(pid).ok()?.rax != 0 {
        return None;
    }
    let answer = memory::read(pid.as_raw(), answer_at, 32)?;
    let word = |at: usize| answer.get(at..at + 8)?.try_into().ok().map(u64::from_ne_bytes);
    Some(Duration::from_secs(word(16)?) + Duration::from_micros(word(24)?))
}

/// Where the task has just made a system call or, if it runs, where the code that the
/// kernel maps into every process makes one.
fn syscall_instruction(pid: i32, rip: u64) -> Option<u64> {
    let before = rip.checked_sub(2)?;
    if memory::read(pid, before, 2)? == SYSCALL {
        return Some(before);
    }
    let mappings = mappings::all(pid);
    let code = &mappings.iter().find(|mapping| mapping.path == "[vdso]")?.range;
    let bytes = memory::read(pid, code.start, usize::try_from(code.end - code.start).ok()?)?;
    let offset = bytes.windows(2).position(|pair| pair == SYSCALL)?;
    Some(code.start + offset as u64)
}

/// Operations on semaphores and epoll are the waits of a proof that the kernel does
/// not restart by itself.
fn restart(pid: Pid) {
    let Ok(mut registers) = ptrace::getregs(pid) else { return };
    let calls =
        [libc::SYS_semop, libc::SYS_semtimedop, libc::SYS_epoll_wait, libc::SYS_epoll_pwait];
    let interrupted = registers.rax == (-i64::from(libc::EINTR)).cast_unsigned();
    if interrupted && calls.contains(&registers.orig_rax.cast_signed()) {
        registers.rip -= 2;
        registers.rax = registers.orig_rax;
        registers.orig_rax = u64::MAX;
        let _ = ptrace::setregs(pid, registers);
    }
}
