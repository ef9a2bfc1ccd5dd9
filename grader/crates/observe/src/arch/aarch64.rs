use std::ops::Range;

use gimli::{AArch64, Register};
use jail::Pid;
use libc::user_regs_struct;
use nix::sys::ptrace;

use super::{AGAIN, BROKEN_OFF};
use crate::memory;
use crate::proc::Call;

// Calls that this processor never had; the C library uses their successors.
pub(crate) const EPOLL_WAIT: i64 = -1;
pub(crate) const POLL: i64 = -2;
pub(crate) const SELECT: i64 = -3;
pub(crate) const PAUSE: i64 = -4;
pub(crate) const OPEN: i64 = -5;
pub(crate) const ACCEPT: i64 = libc::SYS_accept;

/// Whether a call that a stop broke off can be made again.
pub(crate) const CAN_TAKE_UP: bool = false;

/// The instruction that makes a system call.
pub(crate) const SYSCALL: &[u8] = &[0x01, 0x00, 0x00, 0xd4];

/// The registers that survive calls, by their DWARF numbers.
pub(crate) const KEPT: Range<u16> = 0..32;
/// Whether a call leaves a register as it was, by its DWARF number.
pub(crate) fn survives_calls(register: u16) -> bool {
    (AArch64::X19.0..=AArch64::X29.0).contains(&register) || register == AArch64::SP.0
}

/// The stack pointer, and the column of the return address.
pub(crate) const STACK_POINTER: Register = AArch64::SP;
pub(crate) const RETURN_ADDRESS: Register = AArch64::X30;

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
        self.0.pstate & 0x10 == 0
    }

    /// The next instruction.
    pub(crate) fn pc(&self) -> u64 {
        self.0.pc
    }

    pub(crate) fn sp(&self) -> u64 {
        self.0.sp
    }

    /// The registers that survive calls, by their DWARF numbers.
    pub(crate) fn kept(&self) -> [u64; KEPT.end as usize] {
        let mut values = [0; KEPT.end as usize];
        values[..31].copy_from_slice(&self.0.regs);
        values[usize::from(AArch64::SP.0)] = self.0.sp;
        values
    }

    /// The number of the system call that the next instruction would make.
    pub(crate) fn next_call(&self) -> i64 {
        self.0.regs[8].cast_signed()
    }

    /// What the last system call answered.
    pub(crate) fn answer(&self) -> i64 {
        self.0.regs[0].cast_signed()
    }

    /// The system call that holding the task broke off, to be taken up again.
    ///
    /// Before the task stops, the kernel has put back its first argument, and the program
    /// counter to the call.
    pub(crate) fn broken_off(&self, task: i32) -> Option<Call> {
        let regs = &self.0.regs;
        let answered = self.answer() == -i64::from(libc::EINTR)
            && BROKEN_OFF.contains(&self.next_call())
            && memory::read(task, self.pc().checked_sub(4)?, 4)? == SYSCALL;
        if !answered && !self.calls_first(task) {
            return None;
        }
        let args = [regs[0], regs[1], regs[2], regs[3], regs[4], regs[5]];
        let number = self.next_call();
        (number >= 0).then_some(Call { number, args, at: (self.sp(), self.pc()) })
    }

    /// Whether the task stands where one of these calls begins. Nobody is followed here.
    pub(crate) fn begins_call(&self, _calls: &[i64]) -> bool {
        false
    }

    /// Whether the task will make a system call before its next instruction.
    pub(crate) fn calls_first(&self, task: i32) -> bool {
        memory::read(task, self.pc(), 4).is_some_and(|code| code == SYSCALL)
    }

    /// The same, about to make a system call at `instruction`. A call that was broken off
    /// is not made again before.
    pub(crate) fn calling(&self, instruction: u64, number: i64, args: [u64; 2]) -> Self {
        let mut registers = self.0;
        registers.pc = instruction;
        registers.regs[8] = number.cast_unsigned();
        registers.regs[..2].copy_from_slice(&args);
        Self(registers)
    }

    /// Nothing: the first argument of a call that was broken off with EINTR is lost, so it
    /// cannot be made again from here.
    pub(crate) fn again(&self) -> Option<Self> {
        let _ = AGAIN;
        None
    }
}

/// The call that goes on under the name of `restart_syscall`: there is no `poll` here, and all
/// others that go on so have a bound.
pub(crate) fn resumed_at(_place: &str) -> i64 {
    libc::SYS_restart_syscall
}

/// Whether an instruction depends on registers and memory alone.
pub(crate) fn is_closed(code: &[u8], call: i64) -> bool {
    let Some(word) = code.first_chunk().map(|word| u32::from_le_bytes(*word)) else {
        return false;
    };
    let system_call = u32::from_le_bytes([SYSCALL[0], SYSCALL[1], SYSCALL[2], SYSCALL[3]]);
    if word == system_call {
        return call == libc::SYS_sched_yield;
    }
    // Exceptions and breakpoints; reads of system registers: clocks, chance. An exclusive
    // load is lost by stepping, so its loop would never come round.
    let exception = word >> 24 == 0xd4;
    let system_register = word & 0xfff0_0000 == 0xd530_0000;
    let exclusive = word & 0x3f80_0000 == 0x0800_0000;
    !exception && !system_register && !exclusive
}

/// Whether all registers are equal that an instruction can read, but for those of
/// floating point.
pub(crate) fn same(one: &Registers, other: &Registers) -> bool {
    // The bit by which we step is no part of the program's state.
    let of = |Registers(regs): &Registers| (regs.regs, regs.sp, regs.pc, regs.pstate & !(1 << 21));
    of(one) == of(other)
}

/// The registers of floating point, and of vectors.
pub(crate) fn floats(task: Pid) -> Option<Vec<u32>> {
    let floats = ptrace::getregset::<ptrace::regset::NT_PRFPREG>(task).ok()?;
    let mut all = Vec::new();
    for register in floats.vregs {
        all.extend([0, 32, 64, 96].map(|shift| (register >> shift) as u32));
    }
    all.extend([floats.fpsr, floats.fpcr]);
    Some(all)
}

/// A return address as the stack holds it may be signed in its upper bits.
pub(crate) fn plain_address(address: u64) -> u64 {
    address & ((1 << 48) - 1)
}
