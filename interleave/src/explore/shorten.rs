//! Makes a failing schedule easier to read: fewer switches between threads.

use crate::engine::Run;
use crate::engine::schedule::Schedule;

/// Schedules that may be tried.
const TRIES: usize = 400;

/// A schedule with as few switches as could be found that fails in the `same` way, or none if
/// not even `schedule` itself does. `again` runs a schedule.
pub(super) fn shorten(
    schedule: &Schedule,
    same: impl Fn(&Run) -> bool,
    again: impl Fn(Schedule) -> Option<Run>,
) -> Option<Schedule> {
    let fails =
        |schedule: Schedule| again(schedule).filter(|run| same(run)).map(|run| run.schedule);
    let mut best = fails(schedule.clone())?;
    let mut tries = 0;
    let mut position = 0;
    while tries < TRIES {
        let Some(candidate) = without_switch(&best, &mut position) else { return Some(best) };
        tries += 1;
        if let Some(shorter) = fails(candidate)
            && shorter.switches() < best.switches()
        {
            best = shorter;
            position = 0;
        }
    }
    Some(best)
}

/// The schedule with its next switch at or after `position` moved: the thread that ran before
/// it first takes the steps that it takes next anyway. Moves `position` on.
fn without_switch(schedule: &Schedule, position: &mut usize) -> Option<Schedule> {
    let tasks = &schedule.tasks;
    let switch = (*position + 1..tasks.len()).find(|&step| tasks[step] != tasks[step - 1])?;
    *position = switch;
    let stays = tasks[switch - 1];
    let Some(returns) = (switch..tasks.len()).find(|&step| tasks[step] == stays) else {
        return Some(schedule.clone());
    };
    let length = tasks[returns..].iter().take_while(|&&task| task == stays).count();
    let mut moved = tasks[..switch].to_vec();
    moved.extend_from_slice(&tasks[returns..returns + length]);
    moved.extend_from_slice(&tasks[switch..returns]);
    moved.extend_from_slice(&tasks[returns + length..]);
    Some(Schedule { tasks: moved, ..schedule.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(tasks: &[u16]) -> Schedule {
        Schedule { tasks: tasks.to_vec(), ..Schedule::default() }
    }

    #[test]
    fn a_switch_is_moved_behind_what_its_thread_does_next() {
        let mut position = 0;
        let moved = without_switch(&schedule(&[1, 2, 1, 1, 3]), &mut position);
        assert_eq!(moved, Some(schedule(&[1, 1, 1, 2, 3])));
        assert_eq!(position, 1);
    }

    #[test]
    fn there_is_an_end_to_switches() {
        let mut position = 0;
        assert_eq!(without_switch(&schedule(&[1, 1, 1]), &mut position), None);
    }
}
