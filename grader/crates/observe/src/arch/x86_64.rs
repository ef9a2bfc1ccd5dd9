use std::ops::Range;

use gimli::{Register, X86_64};
use jail::Pid;
use libc::user_regs_struct;
use nix::sys::ptrace;

use super::{AGAIN, BROKEN_OFF};
use crate::polling::is_endless;
use crate::proc::Call;

pub(crate) const EPOLL_WAIT: i64 = libc::SYS_epoll_wait;
pub(crate) const POLL: i64 = libc::SYS_poll;
pub(crate) const SELECT: i64 = libc::SYS_select;
pub(crate) const PAUSE: i64 = libc::SYS_pause;
pub(crate) const OPEN: i64 = libc::SYS_open;
pub(crate) const ACCEPT: i64 = libc::SYS_accept;

/// Whether a call that a stop broke off can be made again.
pub(crate) const CAN_TAKE_UP: bool = true;

/// The instruction that makes a system call.
pub(crate) const SYSCALL: &[u8] = &[0x0f, 0x05];

/// The registers that survive calls, by their DWARF numbers.
pub(crate) const KEPT: Range<u16> = 0..16;
/// Whether a call leaves a register as it was, by its DWARF number.
pub(crate) fn survives_calls(register: u16) -> bool {
    [X86_64::RBX, X86_64::RBP, X86_64::RSP].contains(&Register(register))
        || (X86_64::R12.0..=X86_64::R15.0).contains(&register)
}

/// The stack pointer, and the column of the return address.
pub(crate) const STACK_POINTER: Register = X86_64::RSP;
pub(crate) const RETURN_ADDRESS: Register = X86_64::RA;

/// The registers of a held task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registers(user_regs_struct);

impl Registers {
    pub(crate) fn of(task: Pid) -> Option<Self> {
        ptrace::getregs(task).ok().map(Self)
    }

    /// Gives them to a held task.
    pub(crate) fn give(self, task: Pid) -> Option<()> {
        ptrace::setregs(task, self.0).ok()
    }

    /// Whether the task executes instructions of 64 bits, and not those of the predecessor.
    pub(crate) fn are_native(&self) -> bool {
        self.0.cs == 0x33
    }

    /// The next instruction.
    pub(crate) fn pc(&self) -> u64 {
        self.0.rip
    }

    pub(crate) fn sp(&self) -> u64 {
        self.0.rsp
    }

    /// The registers that survive calls, by their DWARF numbers.
    pub(crate) fn kept(&self) -> [u64; KEPT.end as usize] {
        let from = &self.0;
        let mut values = [0; KEPT.end as usize];
        values[usize::from(X86_64::RBX.0)] = from.rbx;
        values[usize::from(X86_64::RBP.0)] = from.rbp;
        values[usize::from(X86_64::RSP.0)] = from.rsp;
        let rest = [from.r8, from.r9, from.r10, from.r11, from.r12, from.r13, from.r14, from.r15];
        values[8..].copy_from_slice(&rest);
        values
    }

    /// The number of the system call that the next instruction would make.
    pub(crate) fn next_call(&self) -> i64 {
        self.0.rax.cast_signed()
    }

    /// What the last system call answered.
    pub(crate) fn answer(&self) -> i64 {
        self.0.rax.cast_signed()
    }

    /// The system call that holding the task broke off, to be taken up again.
    pub(crate) fn broken_off(&self, _task: i32) -> Option<Call> {
        let regs = &self.0;
        let answer = self.answer().wrapping_neg();
        if !AGAIN.contains(&answer) && answer != i64::from(libc::EINTR) {
            return None;
        }
        let args = [regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9];
        let number = regs.orig_rax.cast_signed();
        (number >= 0).then_some(Call { number, args, at: (regs.rsp, regs.rip) })
    }

    /// Whether the task stands where one of these calls begins.
    pub(crate) fn begins_call(&self, calls: &[i64]) -> bool {
        self.answer() == -i64::from(libc::ENOSYS) && calls.contains(&self.0.orig_rax.cast_signed())
    }

    /// Whether the task will make a system call before its next instruction.
    pub(crate) fn calls_first(&self, _task: i32) -> bool {
        self.0.orig_rax.cast_signed() >= 0 && AGAIN.contains(&self.answer().wrapping_neg())
    }

    /// The same, about to make a system call at `instruction`. A call that was broken off
    /// is not made again before.
    pub(crate) fn calling(&self, instruction: u64, number: i64, args: [u64; 2]) -> Self {
        let mut registers = self.0;
        registers.rip = instruction;
        registers.rax = number.cast_unsigned();
        registers.orig_rax = u64::MAX;
        [registers.rdi, registers.rsi] = args;
        Self(registers)
    }

    /// The same, with a call that was broken off for us made again: unless a signal with a
    /// handler comes, for which the kernel then breaks it off as it would have.
    pub(crate) fn again(&self) -> Option<Self> {
        let (answer, call) = (self.answer(), self.0.orig_rax.cast_signed());
        let broken_off = answer == -i64::from(libc::EINTR) && BROKEN_OFF.contains(&call);
        // The kernel would make it again under another name, by which nobody knows that it has no
        // bound.
        let endless_poll = answer == -AGAIN[3] && call == POLL && is_endless(self.0.rdx);
        let mut registers = self.0;
        registers.rax = (-AGAIN[2]).cast_unsigned();
        (broken_off || endless_poll).then_some(Self(registers))
    }
}

/// The call that goes on under the name of `restart_syscall`, as the name of the place says
/// where the kernel sleeps: of those that go on so only `poll` may have no bound.
pub(crate) fn resumed_at(place: &str) -> i64 {
    if place.starts_with("poll_schedule_timeout") { POLL } else { libc::SYS_restart_syscall }
}

/// Whether an instruction depends on registers and memory alone, and shows nothing of
/// being stepped.
pub(crate) fn is_closed(code: &[u8], call: i64) -> bool {
    let is_prefix = |byte: &u8| matches!(byte, 0x26 | 0x2e | 0x36 | 0x3e | 0x40..=0x4f | 0x64..=0x67 | 0xf0 | 0xf2 | 0xf3);
    let skipped = code.iter().take_while(|byte| is_prefix(byte)).count();
    match code[skipped..] {
        // The one system call that changes nothing is to give way to others.
        [0x0f, 0x05, ..] => call == libc::SYS_sched_yield,
        // sysenter, rdtsc, rdpmc, cpuid, rdtscp and its kin, rdrand, rdseed, rdpid
        [0x0f, 0x01 | 0x31 | 0x33 | 0x34 | 0xa2, ..] => false,
        [0x0f, 0xc7, form, ..] => form >> 6 != 3,
        // pushf would keep the flag by which we step, and the program die of it later.
        [0x9c | 0x9d | 0xcf, ..] => false,
        // Interrupts, ports, and vectors wider than what is compared.
        [0xcc..=0xce | 0xe4..=0xe7 | 0xec..=0xef | 0x62 | 0xc4 | 0xc5, ..] | [] => false,
        // The start of a transaction
        [0xc7, 0xf8, ..] => false,
        _ => true,
    }
}

/// Whether all registers are equal that an instruction can read, but for those of
/// floating point.
pub(crate) fn same(one: &Registers, other: &Registers) -> bool {
    let of = |Registers(regs): &Registers| {
        // The trap flag is set by stepping itself; what a system call clobbers counts.
        let flags = regs.eflags & !0x100 & !0x1_0000;
        let general = [
            regs.rax,
            regs.rbx,
            regs.rcx,
            regs.rdx,
            regs.rsi,
            regs.rdi,
            regs.rbp,
            regs.rsp,
            regs.r8,
            regs.r9,
            regs.r10,
            regs.r11 & !0x100,
            regs.r12,
            regs.r13,
            regs.r14,
            regs.r15,
        ];
        (regs.rip, flags, regs.fs_base, regs.gs_base, general)
    };
    of(one) == of(other)
}

/// The registers of floating point, and of vectors.
pub(crate) fn floats(task: Pid) -> Option<Vec<u32>> {
    let floats = ptrace::getregset::<ptrace::regset::NT_PRFPREG>(task).ok()?;
    let mut all: Vec<_> = floats.st_space.to_vec();
    all.extend(floats.xmm_space);
    all.extend([floats.mxcsr, floats.cwd.into(), floats.swd.into()]);
    Some(all)
}

/// A return address as the stack holds it.
pub(crate) fn plain_address(address: u64) -> u64 {
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_chance_and_the_system_bring_in_something_new() {
        let open: [&[u8]; 6] = [
            &[0x0f, 0x31],
            &[0x0f, 0x01, 0xf9],
            &[0x48, 0x0f, 0xc7, 0xf0],
            &[0xf3, 0x0f, 0xc7, 0xf8],
            &[0x0f, 0x05],
            &[0xc5, 0xfc, 0x58],
        ];
        assert!(open.iter().all(|code| !is_closed(code, 0)));
    }

    #[test]
    fn what_would_keep_the_flag_of_stepping_is_not_stepped() {
        assert!(!is_closed(&[0x9c], 0) && !is_closed(&[0x66, 0x9c], 0));
    }

    #[test]
    fn loads_stores_pauses_and_yields_do_not() {
        assert!(is_closed(&[0xf3, 0x90], 0));
        assert!(is_closed(&[0x48, 0x8b, 0x07], 0));
        assert!(is_closed(&[0xf0, 0x0f, 0xb1, 0x0f], 0));
        // cmpxchg8b writes memory only, unlike its neighbour rdrand.
        assert!(is_closed(&[0x0f, 0xc7, 0x0f], 0));
        assert!(is_closed(&[0x0f, 0x05], libc::SYS_sched_yield));
    }
}
