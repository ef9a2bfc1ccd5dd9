use std::fs;
use std::thread;

/// Returns once the process with this pid sleeps, or has ended.
///
/// It makes a case likely that would otherwise be a matter of luck, say that somebody
/// already waits when something happens. Nothing may depend on it: a process may sleep for
/// another reason, and where one never does, or cannot be looked at, this gives up.
pub fn until_asleep(pid: i32) {
    for _ in 0..1_000 {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if state(&stat) != Some('R') {
            return;
        }
        thread::yield_now();
    }
}

/// The letter for what a process does, in its line of `/proc`.
fn state(stat: &str) -> Option<char> {
    // Its name stands before it in brackets, and may hold anything.
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_stands_behind_the_name_whatever_that_holds() {
        assert_eq!(state("17 (a) R) b) S 1 17"), Some('S'));
        assert_eq!(state(""), None);
    }

    #[test]
    fn this_very_process_is_running() {
        let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
        assert_eq!(state(&stat), Some('R'));
    }

    #[test]
    fn a_process_that_is_not_there_keeps_nobody_waiting() {
        until_asleep(i32::MAX);
    }
}
