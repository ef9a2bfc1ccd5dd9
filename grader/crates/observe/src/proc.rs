//! What `/proc` says of a task, parsed.

use std::cell::RefCell;
use std::fs;
use std::io::Read;
use std::time::Duration;

use nix::time::ClockId;

use crate::arch;

/// The state letter of a process or thread; none if there is no such task.
pub(crate) fn state(tid: i32) -> Option<char> {
    stat(tid).map(|stat| stat.state)
}

/// Selected fields of `/proc/<pid>/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    /// `S`, `R`, `T`, `t`, `D`, `Z`.
    pub(crate) state: char,
    /// The parent.
    pub(crate) parent: i32,
    /// The first process of the session.
    pub(crate) session: i32,
    /// The moment of birth, in ticks since the host started.
    pub(crate) started: u64,
}

/// Reads the vital facts of a process.
pub(crate) fn stat(pid: i32) -> Option<Stat> {
    read_with(&format!("/proc/{pid}/stat"), parse_stat)?
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The name before it may hold anything, blanks and brackets included.
    let mut words = text[text.rfind(')')? + 1..].split_whitespace();
    Some(Stat {
        state: words.next()?.chars().next()?,
        parent: words.next()?.parse().ok()?,
        session: words.nth(1)?.parse().ok()?,
        started: words.nth(15)?.parse().ok()?,
    })
}

/// The last command name of a task, or nothing.
pub(crate) fn name(tid: i32) -> String {
    let name = read_with(&format!("/proc/{tid}/comm"), |text| text.trim_end().to_owned());
    name.unwrap_or_default()
}

/// Processor time used by a process so far, all of its threads together.
pub(crate) fn cpu_time(pid: i32) -> Option<Duration> {
    clock(pid, Clock::Scheduled)
}

/// Processor time used by a process so far, all of its threads together: in user mode, and in
/// the kernel.
pub(crate) fn cpu_times(pid: i32) -> Option<(Duration, Duration)> {
    let (all, user) = (clock(pid, Clock::All)?, clock(pid, Clock::User)?);
    let exact = clock(pid, Clock::Scheduled)?;
    // The kernel counts the two in ticks and knows only their sum exactly.
    let share = if all.is_zero() { 1.0 } else { user.as_secs_f64() / all.as_secs_f64() };
    let user = exact.mul_f64(share.min(1.0));
    Some((user, exact.saturating_sub(user)))
}

/// Which of its times a process's clock shows: `CPUCLOCK_PROF`, `_VIRT` and `_SCHED` of the kernel.
#[derive(Clone, Copy)]
enum Clock {
    /// All, in ticks.
    All = 0,
    /// That in user mode, in ticks.
    User = 1,
    /// All, exactly.
    Scheduled = 2,
}

/// Reads a clock of a process by the number that `clock_getcpuclockid` would give it after a call
/// to see whether there is such a process.
fn clock(pid: i32, clock: Clock) -> Option<Duration> {
    ClockId::from_raw((!pid << 3) | clock as i32).now().ok().map(Duration::from)
}

/// How long a thread was ready to run, but had no processor.
pub(crate) fn delay(pid: i32, tid: i32) -> Option<Duration> {
    let waited = |text: &str| text.split_whitespace().nth(1)?.parse().ok();
    read_with(&format!("/proc/{pid}/task/{tid}/schedstat"), waited)?.map(Duration::from_nanos)
}

/// Selected lines of `/proc/<tid>/status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// `S`, `R`, `T`, `t`, `D`, `Z`.
    pub(crate) state: char,
    /// The process.
    pub(crate) tgid: i32,
    /// The parent.
    pub(crate) ppid: i32,
    /// The number in the innermost pid namespace.
    pub(crate) inner: i32,
    /// How many pid namespaces the number differs in, ours included.
    pub(crate) namespaces: usize,
    /// Threads of the process.
    pub(crate) threads: usize,
    /// Bytes resident at once, at most.
    pub(crate) peak_memory: u64,
    /// Signals pending, of the task or its process.
    pub(crate) pending: u64,
    /// Those of them that are not blocked.
    pub(crate) deliverable: u64,
    /// Times that the processor was given up, and taken away.
    pub(crate) switches: (u64, u64),
}

/// Reads the status of a thread of a process.
pub(crate) fn status_of(pid: i32, tid: i32) -> Option<Status> {
    read_with(&format!("/proc/{pid}/task/{tid}/status"), parse_status)
}

/// Reads the status of a task.
pub(crate) fn status(tid: i32) -> Option<Status> {
    read_with(&format!("/proc/{tid}/status"), parse_status)
}

/// The parent of a process, its parent, and so on.
pub(crate) fn ancestors(pid: i32) -> impl Iterator<Item = i32> {
    let parent = |pid: &i32| Some(status(*pid)?.ppid).filter(|parent| *parent > 0);
    std::iter::successors(Some(pid), parent).skip(1)
}

fn parse_status(text: &str) -> Status {
    let mut status = Status::default();
    let mut blocked = 0;
    for (key, value) in text.lines().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        let number = || value.split_whitespace().next().and_then(|word| word.parse().ok());
        let mask = || u64::from_str_radix(value, 16).unwrap_or(0);
        match key {
            "State" => status.state = value.chars().next().unwrap_or('X'),
            "Tgid" => status.tgid = value.parse().unwrap_or(0),
            "PPid" => status.ppid = value.parse().unwrap_or(0),
            "NSpid" => {
                status.namespaces = value.split_whitespace().count();
                let last = value.split_whitespace().last();
                status.inner = last.and_then(|word| word.parse().ok()).unwrap_or(0);
            }
            "Threads" => status.threads = value.parse().unwrap_or(0),
            "VmHWM" => status.peak_memory = number().unwrap_or(0u64) * 1024,
            "SigPnd" | "ShdPnd" => status.pending |= mask(),
            "SigBlk" => blocked = mask(),
            "voluntary_ctxt_switches" => status.switches.0 = value.parse().unwrap_or(0),
            "nonvoluntary_ctxt_switches" => status.switches.1 = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    status.deliverable = status.pending & !blocked;
    status
}

/// The system call in which a task is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Its number on this processor.
    pub(crate) number: i64,
    /// Its arguments.
    pub(crate) args: [u64; 6],
    /// Stack pointer and program counter.
    pub(crate) at: (u64, u64),
}

/// The system call of a task that is blocked in one; none if it runs, or the kernel
/// does not say.
pub(crate) fn call(pid: i32, tid: i32) -> Option<Call> {
    let call = read_with(&format!("/proc/{pid}/task/{tid}/syscall"), parse_call)??;
    if call.number != libc::SYS_restart_syscall {
        return Some(call);
    }
    // A signal woke it, and another thread took that before. Its arguments are as they were.
    let place = read_with(&format!("/proc/{pid}/task/{tid}/wchan"), str::to_owned)?;
    Some(Call { number: arch::resumed_at(&place), ..call })
}

fn parse_call(text: &str) -> Option<Call> {
    let mut words = text.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let mut hex = words.map(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    let mut args = [0; 6];
    for arg in &mut args {
        *arg = hex.next()??;
    }
    let at = (hex.next()??, hex.next()??);
    (number >= 0).then_some(Call { number, args, at })
}

/// What follows `key` on its line of a file of `/proc`.
pub(crate) fn line(path: &str, key: &str) -> Option<String> {
    let value = |text: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(key))?;
        Some(value.trim().to_owned())
    };
    read_with(path, value)?
}

thread_local! {
    /// Files of `/proc` are read all the time: into the same memory.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 32 << 10]);
}

/// A file of one record, which the kernel gives whole to one read; none if it cannot be
/// read.
fn read_with<T>(path: &str, parse: impl FnOnce(&str) -> T) -> Option<T> {
    BUFFER.with_borrow_mut(|buffer| {
        let length = fs::File::open(path).ok()?.read(buffer).ok()?;
        let bytes = &buffer[..length];
        // All of it is text but for names, which a program may choose.
        Some(match std::str::from_utf8(bytes) {
            Ok(text) => parse(text),
            Err(_) => parse(&String::from_utf8_lossy(bytes)),
        })
    })
}

/// A whole file; none if it cannot be read.
pub(crate) fn read(path: &str) -> Option<String> {
    let mut text = String::new();
    fs::File::open(path).ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_with_its_masks_and_counters() {
        let status = parse_status(
            "Name:\tx\nState:\tS (sleeping)\nTgid:\t5\nPPid:\t4\nNSpid:\t5\t2\nThreads:\t3\n\
             VmHWM:\t    12 kB\nSigPnd:\t0000000000000200\nShdPnd:\t0000000000000002\n\
             SigBlk:\t0000000000000200\nvoluntary_ctxt_switches:\t7\n\
             nonvoluntary_ctxt_switches:\t9\n",
        );
        let expected = Status {
            state: 'S',
            tgid: 5,
            ppid: 4,
            inner: 2,
            namespaces: 2,
            threads: 3,
            peak_memory: 12 << 10,
            pending: 0x202,
            deliverable: 2,
            switches: (7, 9),
        };
        assert_eq!(status, expected);
    }

    #[test]
    fn a_name_may_look_like_the_rest_of_a_stat() {
        let text = "9 (a) S 1 (b) R 7 8 6 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 4711 99 1\n";
        let expected = Stat { state: 'R', parent: 7, session: 6, started: 4711 };
        assert_eq!(parse_stat(text), Some(expected));
    }

    #[test]
    fn a_running_task_has_no_call() {
        assert_eq!(parse_call("running\n"), None);
        assert_eq!(parse_call("-1 0x7ffc 0x7f56\n"), None);
    }

    #[test]
    fn a_blocked_task_has_a_call_with_arguments() {
        let call = parse_call("202 0xa 0x80 0x2 0x0 0x0 0xf 0x1000 0x2000\n").unwrap();
        assert_eq!((call.number, call.args[0], call.args[5], call.at.1), (202, 10, 15, 0x2000));
    }

    #[test]
    fn a_process_has_its_parent_and_the_first_of_all_among_its_ancestors() {
        let all: Vec<_> = ancestors(std::process::id().cast_signed()).collect();
        assert_eq!(all.first(), Some(&std::os::unix::process::parent_id().cast_signed()));
        assert!(all.len() < 100, "{all:?}");
    }
}
