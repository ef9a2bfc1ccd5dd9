//! Proves that a running task will run for ever and never do anything else.
//!
//! While all other tasks are held still, the task is stepped through its loop. If all
//! its registers and all memory that it could have written are once again as they
//! were, and on the way it neither asked the system for anything nor looked at a clock,
//! then it will go round for ever: nothing that it reads can change, for everybody
//! else waits. A computation that merely takes long changes something on each round.

use std::hash::{DefaultHasher, Hasher};

use jail::Pid;
use libc::user_regs_struct;
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

use crate::mappings::{self, Mapping};
use crate::memory;

/// The longest round that is followed, in instructions.
const ROUND: usize = 4_000;
/// The most memory that is compared.
const MEMORY: u64 = 128 << 20;

/// Whether the held task `tid` of process `pid` goes round for ever.
pub(crate) fn goes_round(pid: i32, tid: i32) -> bool {
    prove(pid, Pid::from_raw(tid)).is_some()
}

/// Two rounds: the first finds how long one is, the second shows that memory does not
/// change on it.
fn prove(pid: i32, tid: Pid) -> Option<()> {
    let mappings = mappings::all(pid);
    let start = ptrace::getregs(tid).ok()?;
    let length = (1..=ROUND).find_map(|steps| match step(pid, tid, &mappings) {
        Some(now) if same(&start, &now) => Some(Some(steps)),
        Some(_) => None,
        None => Some(None),
    })??;
    let (floats, before) = (floats(tid)?, fingerprint(pid, &mappings)?);
    let mut now = start;
    for _ in 0..length {
        now = step(pid, tid, &mappings)?;
    }
    let again = same(&start, &now) && self::floats(tid)? == floats;
    (again && fingerprint(pid, &mappings)? == before).then_some(())
}

/// Executes one instruction, unless it could bring in something new.
fn step(pid: i32, tid: Pid, mappings: &[Mapping]) -> Option<user_regs_struct> {
    let at = ptrace::getregs(tid).ok()?;
    let code = memory::read_some(pid, at.rip, 15);
    let mapping = mappings.iter().find(|mapping| mapping.range.contains(&at.rip))?;
    if mapping.path == "[vdso]" || !is_closed(&code, at.rax) {
        return None;
    }
    ptrace::step(tid, None).ok()?;
    let stop = waitpid(tid, Some(WaitPidFlag::__WALL)).ok()?;
    (stop == WaitStatus::Stopped(tid, Signal::SIGTRAP)).then(|| ptrace::getregs(tid).ok())?
}

/// Whether an instruction depends on registers and memory alone.
fn is_closed(code: &[u8], rax: u64) -> bool {
    let is_prefix = |byte: &u8| matches!(byte, 0x26 | 0x2e | 0x36 | 0x3e | 0x40..=0x4f | 0x64..=0x67 | 0xf0 | 0xf2 | 0xf3);
    let skipped = code.iter().take_while(|byte| is_prefix(byte)).count();
    match code[skipped..] {
        // The one system call that changes nothing is to give way to others.
        [0x0f, 0x05, ..] => rax == libc::SYS_sched_yield.cast_unsigned(),
        // sysenter, rdtsc, rdpmc, cpuid, rdtscp and its kin, rdrand, rdseed, rdpid
        [0x0f, 0x01 | 0x31 | 0x33 | 0x34 | 0xa2, ..] => false,
        [0x0f, 0xc7, form, ..] => form >> 6 != 3,
        // Interrupts, ports, and vectors wider than what is compared.
        [0xcc..=0xce | 0xe4..=0xe7 | 0xec..=0xef | 0x62 | 0xc4 | 0xc5, ..] | [] => false,
        // The start of a transaction
        [0xc7, 0xf8, ..] => false,
        _ => true,
    }
}

fn same(one: &user_regs_struct, other: &user_regs_struct) -> bool {
    let of = |regs: &user_regs_struct| {
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

fn floats(tid: Pid) -> Option<Vec<u32>> {
    let floats = ptrace::getregset::<ptrace::regset::NT_PRFPREG>(tid).ok()?;
    let mut all: Vec<_> = floats.st_space.to_vec();
    all.extend(floats.xmm_space);
    all.extend([floats.mxcsr, floats.cwd.into(), floats.swd.into()]);
    Some(all)
}

/// Of all memory that the process can write.
fn fingerprint(pid: i32, mappings: &[Mapping]) -> Option<u64> {
    let writable: Vec<_> = mappings.iter().filter(|mapping| mapping.writable).collect();
    let total: u64 = writable.iter().map(|one| one.range.end - one.range.start).sum();
    if total > MEMORY {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    for mapping in writable {
        let length = usize::try_from(mapping.range.end - mapping.range.start).ok()?;
        hasher.write(&memory::read_some(pid, mapping.range.start, length));
    }
    Some(hasher.finish())
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
    fn loads_stores_pauses_and_yields_do_not() {
        assert!(is_closed(&[0xf3, 0x90], 0));
        assert!(is_closed(&[0x48, 0x8b, 0x07], 0));
        assert!(is_closed(&[0xf0, 0x0f, 0xb1, 0x0f], 0));
        // cmpxchg8b writes memory only, unlike its neighbour rdrand.
        assert!(is_closed(&[0x0f, 0xc7, 0x0f], 0));
        assert!(is_closed(&[0x0f, 0x05], 24));
    }
}
