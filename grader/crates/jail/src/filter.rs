//! The system call filter, assembled before the fork.
//!
//! One program with three answers: allowed, refused (`EPERM`), unknown (`ENOSYS`).
//! When it is installed the kernel runs it once for every call that there is, so its
//! length counts: it compares with the bounds of ranges, not with each number.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libc::{c_long, sock_filter};

use crate::calls;

/// A program for the kernel's packet filter.
pub(crate) type FilterProgram = Vec<sock_filter>;

#[cfg(target_arch = "x86_64")]
const ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCH: u32 = 0xc000_00b7;

/// Where the kernel puts what is asked of a filter: `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const fn argument(index: u32) -> u32 {
    // The lower half; the kernel itself looks at no more of the arguments in question.
    16 + 8 * index
}

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const ANY_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
const ANSWER: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

const ALLOWED: u32 = libc::SECCOMP_RET_ALLOW;
const REFUSED: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
const UNKNOWN: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
const DEADLY: u32 = libc::SECCOMP_RET_KILL_PROCESS;

/// The filter. A call by another convention, as 32-bit programs make them, is deadly.
pub(crate) static PROGRAM: LazyLock<FilterProgram> = LazyLock::new(assemble);

fn assemble() -> FilterProgram {
    let mut program =
        vec![load(ARCHITECTURE), jump(EQUAL, ARCH, 1, 0), answer(DEADLY), load(NUMBER)];
    // clone3 keeps its flags in memory, where no filter can look; callers fall back to clone.
    let namespaces =
        [jump(ANY_BIT, calls::CLONE_FORBIDDEN, 0, 1), answer(UNKNOWN), answer(ALLOWED)];
    look_at(libc::SYS_clone, 0, &namespaces, &mut program);
    let unix = [jump(EQUAL, libc::AF_UNIX as u32, 0, 1), answer(ALLOWED), answer(REFUSED)];
    look_at(libc::SYS_socket, 0, &unix, &mut program);
    look_at(libc::SYS_socketpair, 0, &unix, &mut program);
    let requests = calls::IOCTL_FORBIDDEN.iter();
    let mut terminal: Vec<_> =
        requests.flat_map(|&request| [jump(EQUAL, request, 0, 1), answer(REFUSED)]).collect();
    terminal.push(answer(ALLOWED));
    look_at(libc::SYS_ioctl, 1, &terminal, &mut program);
    // Where all are the same user, a process may otherwise bound, slow and move any other.
    let itself = [jump(EQUAL, 0, 0, 1), answer(ALLOWED), answer(REFUSED)];
    for call in calls::OF_ITSELF {
        look_at(*call, 0, &itself, &mut program);
    }
    // Zero for a process, and zero for itself: of groups and users others are a part.
    let own = [jump(EQUAL, 0, 1, 0), answer(REFUSED), load(argument(1)), jump(EQUAL, 0, 0, 1)];
    let own = [&own[..], &[answer(ALLOWED), answer(REFUSED)]].concat();
    look_at(libc::SYS_setpriority, 0, &own, &mut program);
    by_number(&mut program);
    program
}

/// Decides one call by one of its arguments.
fn look_at(call: c_long, index: u32, decide: &[sock_filter], program: &mut FilterProgram) {
    let length = u8::try_from(decide.len() + 1).expect("a handful of comparisons");
    program.push(jump(EQUAL, number(call), 0, length));
    program.push(load(argument(index)));
    program.extend(decide);
}

/// Decides all others by their numbers.
fn by_number(program: &mut FilterProgram) {
    let mut answers = BTreeMap::new();
    answers.extend(calls::ALLOWED.concat().into_iter().map(|call| (number(call), ALLOWED)));
    answers.extend(calls::DENIED.concat().into_iter().map(|call| (number(call), REFUSED)));
    // From each number on that has another answer than the one before it.
    let (mut given, mut next) = (UNKNOWN, 0);
    let mut until = |bound: u32, wanted: u32| {
        if wanted != given {
            program.extend([jump(AT_LEAST, bound, 1, 0), answer(given)]);
            given = wanted;
        }
    };
    for (call, wanted) in answers {
        if call != next {
            until(next, UNKNOWN);
        }
        until(call, wanted);
        next = call + 1;
    }
    until(next, UNKNOWN);
    program.push(answer(UNKNOWN));
}

fn number(call: c_long) -> u32 {
    u32::try_from(call).expect("calls have small numbers")
}

fn load(offset: u32) -> sock_filter {
    sock_filter { code: LOAD, jt: 0, jf: 0, k: offset }
}

/// Skips so many instructions if the comparison holds, and so many if it does not.
fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

fn answer(k: u32) -> sock_filter {
    sock_filter { code: ANSWER, jt: 0, jf: 0, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer.
    fn ask(arch: u32, number: u32, arguments: [u32; 2]) -> u32 {
        let program = &*PROGRAM;
        let (mut at, mut loaded) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            at += 1;
            let holds = match code {
                LOAD if k == NUMBER => {
                    loaded = number;
                    continue;
                }
                LOAD if k == ARCHITECTURE => {
                    loaded = arch;
                    continue;
                }
                LOAD => {
                    loaded = arguments[(k as usize - 16) / 8];
                    continue;
                }
                EQUAL => loaded == k,
                AT_LEAST => loaded >= k,
                ANY_BIT => loaded & k != 0,
                ANSWER => return k,
                other => panic!("instruction {other:#x}"),
            };
            at += usize::from(if holds { jt } else { jf });
        }
    }

    const SPECIAL: [c_long; 4] =
        [libc::SYS_clone, libc::SYS_socket, libc::SYS_socketpair, libc::SYS_ioctl];

    #[test]
    fn a_process_sets_bounds_and_priorities_of_itself_alone() {
        for call in calls::OF_ITSELF {
            assert_eq!(ask(ARCH, number(*call), [0, 7]), ALLOWED);
            assert_eq!(ask(ARCH, number(*call), [1, 7]), REFUSED);
        }
        let priority = |of, whose| ask(ARCH, number(libc::SYS_setpriority), [of, whose]);
        assert_eq!(priority(libc::PRIO_PROCESS, 0), ALLOWED);
        assert_eq!(priority(libc::PRIO_PROCESS, 1), REFUSED);
        assert_eq!(priority(libc::PRIO_PGRP, 0), REFUSED);
        assert_eq!(priority(libc::PRIO_USER, 0), REFUSED);
    }

    #[test]
    fn every_call_gets_the_answer_of_its_list() {
        let (allowed, denied) = (calls::ALLOWED.concat(), calls::DENIED.concat());
        for call in (0..2048).filter(|call| !SPECIAL.contains(call)) {
            let expected = match (allowed.contains(&call), denied.contains(&call)) {
                (true, _) => ALLOWED,
                (_, true) => REFUSED,
                _ => UNKNOWN,
            };
            assert_eq!(ask(ARCH, number(call), [0, 0]), expected, "call {call}");
        }
    }

    #[test]
    fn other_conventions_are_deadly_and_other_tables_unknown() {
        const I386: u32 = 0x4000_0003;
        const X32: u32 = 0x4000_0000;
        assert_eq!(ask(I386, number(libc::SYS_read), [0, 0]), DEADLY);
        assert_eq!(ask(ARCH, X32 + number(libc::SYS_read), [0, 0]), UNKNOWN);
        assert_eq!(ask(ARCH, u32::MAX, [0, 0]), UNKNOWN);
    }

    #[test]
    fn clone_makes_children_and_threads_but_no_namespaces() {
        let clone = |flags: i32| ask(ARCH, number(libc::SYS_clone), [flags.cast_unsigned(), 0]);
        let thread = libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND | libc::CLONE_SETTLS;
        for flags in [libc::SIGCHLD, thread, libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD] {
            assert_eq!(clone(flags), ALLOWED);
        }
        for flag in [libc::CLONE_NEWUSER, libc::CLONE_NEWNET, libc::CLONE_UNTRACED] {
            assert_eq!(clone(flag | libc::SIGCHLD), UNKNOWN);
        }
    }

    #[test]
    fn sockets_are_unix_sockets_and_terminals_are_left_alone() {
        for call in [libc::SYS_socket, libc::SYS_socketpair] {
            assert_eq!(ask(ARCH, number(call), [libc::AF_UNIX as u32, 0]), ALLOWED);
            assert_eq!(ask(ARCH, number(call), [libc::AF_INET as u32, 0]), REFUSED);
        }
        let ioctl = |request: u32| ask(ARCH, number(libc::SYS_ioctl), [0, request]);
        const FIONREAD: u32 = 0x541b;
        assert_eq!(ioctl(FIONREAD), ALLOWED);
        calls::IOCTL_FORBIDDEN.iter().for_each(|request| assert_eq!(ioctl(*request), REFUSED));
    }

    #[test]
    fn it_is_short_enough_to_be_installed_at_every_start() {
        assert!(PROGRAM.len() < 400, "{}", PROGRAM.len());
    }
}
