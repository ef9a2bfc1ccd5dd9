use std::fs;
use std::thread;

/// How often a process is looked at before this gives up.
const LOOKS: usize = 20_000;

/// Processor time, in ticks of 10 ms, after whose use a process is taken for one that never sleeps.
const TICKS: u64 = 2;

/// Returns once the process with this pid sleeps, or has ended.
///
/// It makes a case likely that would otherwise be a matter of luck, say that somebody
/// already waits when something happens. Nothing may depend on it: a process may sleep for
/// another reason, and where one never does, or cannot be looked at, this gives up.
pub fn until_asleep(pid: i32) {
    let mut before = None;
    for _ in 0..LOOKS {
        let Some(Look { state, ticks }) = look(pid) else { return };
        // Whoever is held by an observer, or by the disk, has been on its way to somewhere.
        let awake = matches!(state, 'R' | 't' | 'D');
        if !awake || ticks.saturating_sub(*before.get_or_insert(ticks)) >= TICKS {
            return;
        }
        thread::yield_now();
    }
}

/// The letter for what a process does; none if there is no such process, or it cannot be seen.
pub(crate) fn state(pid: i32) -> Option<char> {
    look(pid).map(|look| look.state)
}

fn look(pid: i32) -> Option<Look> {
    Look::of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// What a line of `/proc` says of a process.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    /// The letter for what it does.
    state: char,
    /// Processor time that it has used.
    ticks: u64,
}

impl Look {
    fn of(stat: &str) -> Option<Self> {
        // Its name stands before the rest in brackets, and may hold anything.
        let mut words = stat.rsplit_once(") ")?.1.split(' ');
        let state = words.next()?.chars().next()?;
        let mut ticks = words.skip(10);
        let mut next = || ticks.next()?.parse::<u64>().ok();
        Some(Self { state, ticks: next()? + next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_stands_behind_the_name_whatever_that_holds() {
        let seen = Look::of("17 (a) R) b) S 1 17 17 0 -1 4194304 95 0 0 0 30 12 7 9 20 0 1\n");
        assert_eq!(seen, Some(Look { state: 'S', ticks: 42 }));
        assert_eq!(Look::of(""), None);
    }

    #[test]
    fn this_very_process_is_running() {
        let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
        assert_eq!(Look::of(&stat).unwrap().state, 'R');
    }

    #[test]
    fn a_process_that_is_not_there_or_never_sleeps_keeps_nobody_waiting() {
        until_asleep(i32::MAX);
        let this_thread = fs::read_link("/proc/thread-self").unwrap();
        until_asleep(this_thread.file_name().unwrap().to_str().unwrap().parse().unwrap());
    }
}
