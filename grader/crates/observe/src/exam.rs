//! Holds every task of a run still, to see what `/proc` does not show.
//!
//! Two things: the registers, from which stacks are unwound, and whether a process
//! has set an alarm (`alarm`, `setitimer`), which only the process itself can ask
//! for. So one task of each process is made to ask, and then put back as it was:
//! a task that waits in a system call goes on waiting and never notices.

use std::collections::BTreeMap;
use std::time::Duration;

use jail::Pid;
use jail::trace::{Status, Waited};
use nix::sys::ptrace;

use crate::arch::{self, Registers};
use crate::hold::Held;
use crate::mappings;
use crate::memory;
use crate::proc::{self, Call};
use crate::shared::Exam;
use crate::tracer::{Next, Tracer, kill_all_but};

/// What an examination saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Examined {
    /// The registers of each task that could be held.
    pub(crate) registers: BTreeMap<i32, Registers>,
    /// The system calls that holding the tasks broke off, to be taken up again.
    calls: BTreeMap<i32, Call>,
    /// The alarm of each process.
    pub(crate) alarms: BTreeMap<i32, Alarm>,
    /// Whether the one running task was seen to go round for ever.
    pub(crate) goes_round: bool,
    /// The generation of the family while all were held.
    pub(crate) generation: u64,
}

impl Examined {
    /// Tasks that were stopped otherwise, with these registers.
    pub(crate) fn of(registers: BTreeMap<i32, Registers>) -> Self {
        let calls = registers.iter().filter_map(|(tid, one)| Some((*tid, one.broken_off(*tid)?)));
        let calls = calls.collect();
        Self { registers, calls, ..Self::default() }
    }

    /// The system call that holding the task broke off, to be taken up again.
    pub(crate) fn interrupted_call(&self, tid: i32) -> Option<Call> {
        self.calls.get(&tid).copied()
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
        if !self.all_can_stop() {
            self.shared.set_exam(Exam::None);
            self.go_on_waiting(first);
            self.take(first, Next::Run { signal: 0 });
            return;
        }
        let mut held = self.hold_all(first);
        if self.shared.lock().ending {
            self.release(held);
            return;
        }
        let alarms = self.alarms(&mut held);
        let runner = match self.shared.lock().exam {
            Exam::Requested { runner } => runner,
            _ => None,
        };
        let goes_round = runner.is_some_and(|one| {
            let task = held.get_mut(&one.tid).filter(|task| task.at_rest);
            task.is_some_and(|task| self.goes_round(one.pid, one.tid, task))
        });
        let registers: BTreeMap<_, _> = held
            .iter()
            .filter(|(_, task)| task.next != Next::Gone)
            .filter_map(|(tid, _)| Some((*tid, Registers::of(Pid::from_raw(*tid))?)))
            .collect();
        let generation = self.shared.lock().family.generation();
        let examined = Examined { alarms, goes_round, generation, ..Examined::of(registers) };
        let wanted = self.shared.report_exam(examined);
        if !wanted || self.shared.wait_for_decision() {
            self.release(held);
        } else {
            let mut state = self.shared.lock();
            state.ending = true;
            kill_all_but(&mut state, 0);
        }
    }

    /// Asks one held task of each process.
    fn alarms(&self, held: &mut BTreeMap<i32, Held>) -> BTreeMap<i32, Alarm> {
        let mut alarms = BTreeMap::new();
        for (tid, held) in held {
            let process = self.shared.lock().family.process_of(*tid);
            let Some(process) = process else { continue };
            let known = alarms.get(&process).is_some_and(|alarm| *alarm != Alarm::Unknown);
            if !known && held.at_rest {
                alarms.insert(process, self.ask_for_alarm(Pid::from_raw(*tid), held));
            }
        }
        alarms
    }

    /// Makes a held task call `getitimer`. Its registers are as before afterwards.
    fn ask_for_alarm(&self, task: Pid, held: &mut Held) -> Alarm {
        let Some(saved) = Registers::of(task).filter(Registers::are_native) else {
            return Alarm::Unknown;
        };
        let answer = self.call_getitimer(task, &saved, held);
        // If this fails the task is dead, and so is the proof.
        let _ = saved.give(task);
        match answer {
            // It may have gone off while the tasks were being held, and be blocked: `sigwait` takes it.
            Some(Duration::ZERO) if !has_gone_off(task) => Alarm::Unset,
            Some(left) => Alarm::Set(left),
            None => Alarm::Unknown,
        }
    }

    fn call_getitimer(&self, task: Pid, saved: &Registers, held: &mut Held) -> Option<Duration> {
        const LENGTH: usize = 32;
        let instruction = syscall_instruction(task.as_raw(), saved.pc())?;
        // Well below the stack pointer and its red zone nothing is kept, by most programs.
        let answer_at = saved.sp().checked_sub(1024)? & !15;
        let kept = memory::read(task.as_raw(), answer_at, LENGTH)?;
        let args = [libc::ITIMER_REAL as u64, answer_at];
        saved.calling(instruction, libc::SYS_getitimer, args).give(task)?;
        self.step(task, held)?;
        let answer = memory::read(task.as_raw(), answer_at, LENGTH)?;
        let answered = Registers::of(task)?.answer() == 0;
        for (word, at) in kept.chunks_exact(8).zip((answer_at..).step_by(8)) {
            let word = i64::from_ne_bytes(word.try_into().ok()?);
            ptrace::write(task, at as ptrace::AddressType, word).ok()?;
        }
        let word = |at: usize| answer.get(at..at + 8)?.try_into().ok().map(u64::from_ne_bytes);
        let left = Duration::from_secs(word(16)?) + Duration::from_micros(word(24)?);
        answered.then_some(left)
    }
}

/// Whether a SIGALRM is on its way to the task or its process.
fn has_gone_off(task: Pid) -> bool {
    let alarm = 1 << (libc::SIGALRM - 1);
    proc::status(task.as_raw()).is_some_and(|status| status.pending & alarm != 0)
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

/// Where the task makes a system call or, if it runs, where the code that the kernel
/// maps into every process makes one.
fn syscall_instruction(pid: i32, pc: u64) -> Option<u64> {
    let length = arch::SYSCALL.len();
    for candidate in [pc.checked_sub(length as u64)?, pc] {
        if memory::read(pid, candidate, length)? == arch::SYSCALL {
            return Some(candidate);
        }
    }
    let mappings = mappings::all(pid);
    let code = &mappings.iter().find(|mapping| mapping.path == "[vdso]")?.range;
    let bytes = memory::read(pid, code.start, usize::try_from(code.end - code.start).ok()?)?;
    let offset = bytes.windows(length).position(|window| window == arch::SYSCALL)?;
    Some(code.start + offset as u64)
}
