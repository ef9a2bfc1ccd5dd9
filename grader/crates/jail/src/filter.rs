//! The system call filter, assembled before the fork.
//!
//! One program with three answers: allowed, refused (`EPERM`), unknown (`ENOSYS`).
//! When it is installed the kernel runs it once for every call that there is, so the way to
//! an answer counts: it halves what is left of the ranges of calls that have the same one.

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
const ALWAYS: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
const ANSWER: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

const ALLOWED: u32 = libc::SECCOMP_RET_ALLOW;
const REFUSED: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
const UNKNOWN: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
const DEADLY: u32 = libc::SECCOMP_RET_KILL_PROCESS;

/// The filter. A call by another convention, as 32-bit programs make them, is deadly.
pub(crate) static PROGRAM: LazyLock<FilterProgram> = LazyLock::new(assemble);

/// What ends the program for some calls.
type Decision = Vec<sock_filter>;

fn assemble() -> FilterProgram {
    let convention = [load(ARCHITECTURE), jump(EQUAL, ARCH, 1, 0), answer(DEADLY), load(NUMBER)];
    [&convention[..], &search(&ranges())].concat()
}

/// A decision for each range of calls, with the first number of the range, in order.
fn ranges() -> Vec<(u32, Decision)> {
    let mut calls = BTreeMap::new();
    for (list, given) in [(calls::ALLOWED, ALLOWED), (calls::DENIED, REFUSED)] {
        calls.extend(list.concat().into_iter().map(|call| (number(call), vec![answer(given)])));
    }
    calls.extend(by_argument().into_iter().map(|(call, decision)| (number(call), decision)));
    let unknown = vec![answer(UNKNOWN)];
    let mut ranges = vec![(0, unknown.clone())];
    let mut from = |first: u32, decision: Decision| {
        if ranges.last().is_none_or(|(_, before)| *before != decision) {
            ranges.push((first, decision));
        }
    };
    let mut next = 0;
    for (call, decision) in calls {
        if call != next {
            from(next, unknown.clone());
        }
        from(call, decision);
        next = call + 1;
    }
    from(next, unknown);
    ranges
}

/// What is not allowed or refused by its number alone.
fn by_argument() -> Vec<(c_long, Decision)> {
    let look_at = |index, decide: &[sock_filter]| [&[load(argument(index))], decide].concat();
    // clone3 keeps its flags in memory, where no filter can look; callers fall back to clone.
    let namespaces =
        [jump(ANY_BIT, calls::CLONE_FORBIDDEN, 0, 1), answer(UNKNOWN), answer(ALLOWED)];
    let unix = [jump(EQUAL, libc::AF_UNIX as u32, 0, 1), answer(ALLOWED), answer(REFUSED)];
    let requests = calls::IOCTL_FORBIDDEN.iter();
    let mut terminal: Vec<_> =
        requests.flat_map(|&request| [jump(EQUAL, request, 0, 1), answer(REFUSED)]).collect();
    terminal.push(answer(ALLOWED));
    // Where all are the same user, a process may otherwise bound, slow and move any other.
    let itself = [jump(EQUAL, 0, 0, 1), answer(ALLOWED), answer(REFUSED)];
    // Zero for a process, and zero for itself: of groups and users others are a part.
    let own = [jump(EQUAL, 0, 1, 0), answer(REFUSED), load(argument(1)), jump(EQUAL, 0, 0, 1)];
    let own = [&own[..], &[answer(ALLOWED), answer(REFUSED)]].concat();
    let mut decisions = vec![
        (libc::SYS_clone, look_at(0, &namespaces)),
        (libc::SYS_socket, look_at(0, &unix)),
        (libc::SYS_socketpair, look_at(0, &unix)),
        (libc::SYS_ioctl, look_at(1, &terminal)),
        (libc::SYS_setpriority, look_at(0, &own)),
    ];
    decisions.extend(calls::OF_ITSELF.iter().map(|&call| (call, look_at(0, &itself))));
    decisions
}

/// The program that takes the decision of the range that the loaded number is in.
fn search(ranges: &[(u32, Decision)]) -> FilterProgram {
    let [(_, only)] = ranges else {
        let (below, from) = ranges.split_at(ranges.len() / 2);
        let (bound, below, from) = (from[0].0, search(below), search(from));
        // A comparison itself skips no more than 255 instructions.
        let skip = match u8::try_from(below.len()) {
            Ok(length) => vec![jump(AT_LEAST, bound, length, 0)],
            Err(_) => vec![jump(AT_LEAST, bound, 0, 1), always(below.len())],
        };
        return [skip, below, from].concat();
    };
    only.clone()
}

fn number(call: c_long) -> u32 {
    u32::try_from(call).expect("calls have small numbers")
}

fn load(offset: u32) -> sock_filter {
    sock_filter { code: LOAD, jt: 0, jf: 0, k: offset }
}

/// Skips so many instructions.
fn always(k: usize) -> sock_filter {
    let k = u32::try_from(k).expect("a filter is short");
    sock_filter { code: ALWAYS, jt: 0, jf: 0, k }
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
        run(arch, number, arguments).0
    }

    /// What the kernel would answer, and after how many instructions.
    fn run(arch: u32, number: u32, arguments: [u32; 2]) -> (u32, usize) {
        let program = &*PROGRAM;
        let (mut at, mut loaded) = (0, 0);
        for step in 1.. {
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
                ANSWER => return (k, step),
                ALWAYS => {
                    at += k as usize;
                    continue;
                }
                other => panic!("instruction {other:#x}"),
            };
            at += usize::from(if holds { jt } else { jf });
        }
        unreachable!("a program ends")
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
    fn an_answer_is_a_few_comparisons_away() {
        assert!(PROGRAM.len() < 400, "{}", PROGRAM.len());
        let most = (0..500).map(|call| run(ARCH, call, [0, 0]).1).max();
        assert!(most.is_some_and(|steps| steps < 24), "{most:?}");
    }
}
