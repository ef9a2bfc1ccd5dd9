use super::*;

const T: Duration = Duration::from_millis(1);

fn family() -> Family {
    let mut family = Family::default();
    family.begin(10, 1);
    family
}

fn end(family: &mut Family, pid: i32) {
    family.exiting(pid, "x", T);
    family.ended(pid, Exit::Code(0), Usage::default(), T);
}

#[test]
fn a_child_that_was_waited_for_is_reaped() {
    let mut family = family();
    family.forked(11, 2, 10, T);
    end(&mut family, 11);
    assert!(family.exiting(10, "x", T));
    family.leave_children(10, |_| ChildState::Gone);
    let (processes, _) = family.into_facts();
    assert_eq!((processes[1].reaped, processes[1].orphan), (Some(true), false));
}

#[test]
fn a_child_that_ended_unreaped_is_a_zombie_and_a_living_one_an_orphan() {
    let mut family = family();
    family.forked(11, 2, 10, T);
    family.forked(12, 3, 10, T);
    end(&mut family, 11);
    family.exiting(10, "x", T);
    family.leave_children(10, |pid| [ChildState::Zombie, ChildState::Alive][(pid - 11) as usize]);
    let (processes, _) = family.into_facts();
    assert_eq!((processes[1].reaped, processes[1].orphan), (Some(false), false));
    assert_eq!((processes[2].reaped, processes[2].orphan), (None, true));
}

#[test]
fn a_process_exits_with_the_last_of_its_threads() {
    let mut family = family();
    family.started(11, 2, 10, T);
    assert!(!family.exiting(10, "main", T));
    assert!(family.exiting(11, "worker", T));
    assert_eq!(family.peak_threads, 2);
}

#[test]
fn a_thread_started_after_the_end_of_another_is_not_alive_with_it() {
    let mut family = family();
    family.started(11, 2, 10, T);
    family.exiting(11, "a", T * 2);
    family.started(12, 3, 10, T * 3);
    family.ended(11, Exit::Code(0), Usage::default(), T * 4);
    assert_eq!(family.peak_threads, 2);
    let (_, threads) = family.into_facts();
    assert_eq!(threads[0].ended, Some(T * 2));
}

#[test]
fn what_a_process_used_itself_is_told_from_what_its_children_used() {
    let mut family = family();
    family.forked(11, 2, 10, T);
    let used = |ms| Usage { user: Duration::from_millis(ms), ..Usage::default() };
    family.ended(11, Exit::Code(0), used(30), T);
    family.exiting(10, "x", T);
    family.leave_children(10, |_| ChildState::Gone);
    family.ended(10, Exit::Code(0), used(50), T);
    assert_eq!(family.usage().user, Duration::from_millis(50));
    let (processes, _) = family.into_facts();
    let user = |index: usize| processes[index].resources.unwrap().user;
    assert_eq!((user(0), user(1)), (Duration::from_millis(20), Duration::from_millis(30)));
}

#[test]
fn who_is_killed_has_the_name_that_it_had() {
    let mut family = family();
    family.started(11, 2, 10, T);
    family.note_names(|tid| if tid == 11 { "worker".to_owned() } else { "x".to_owned() });
    family.exiting(11, "", T);
    family.ended(10, Exit::Signal(9), Usage::default(), T);
    let (processes, threads) = family.into_facts();
    assert_eq!((processes[0].name.as_str(), threads[0].name.as_str()), ("x", "worker"));
}

#[test]
fn exec_ends_the_other_threads() {
    let mut family = family();
    family.started(11, 2, 10, T);
    family.executed(10, "/bin/true".into(), T * 2);
    assert_eq!(family.tasks_alive(), 1);
    let (_, threads) = family.into_facts();
    assert_eq!(threads[0].ended, Some(T * 2));
}

fn let_go(family: &mut Family, pid: i32, ms: u64) {
    family.switched(pid, (3, 1));
    family.exiting(pid, "x", T);
    let usage = Usage { user: T * ms as u32, ..Usage::default() };
    family.let_go(pid, Exit::Signal(9), usage, T);
}

#[test]
fn who_was_let_go_departs_until_it_has_ended() {
    let mut family = family();
    family.forked(11, 2, 10, T);
    let_go(&mut family, 11, 30);
    assert!(!family.knows(11));
    assert!(!family.none_departs(|_| false));
    assert!(family.none_departs(|_| true));
}

#[test]
fn who_was_let_go_and_is_there_was_not_reaped_unless_its_number_came_back() {
    for (look, reaped) in [
        (ChildState::Gone, [true, true]),
        (ChildState::Zombie, [true, false]),
        (ChildState::Alive, [true, false]),
    ] {
        let mut family = family();
        for seen_as in [2, 3] {
            family.forked(11, seen_as, 10, T);
            let_go(&mut family, 11, 30);
        }
        family.exiting(10, "x", T);
        family.leave_children(10, |_| look);
        let (processes, _) = family.into_facts();
        let seen = [1, 2].map(|index| processes[index].reaped == Some(true));
        assert_eq!(seen, reaped, "{look:?}");
        assert_eq!(processes[2].exit, Some(Exit::Signal(9)));
    }
}

#[test]
fn what_was_used_is_added_up_over_those_that_were_let_go() {
    let mut family = family();
    family.forked(11, 2, 10, T);
    family.forked(12, 3, 11, T);
    let_go(&mut family, 12, 30);
    family.exiting(11, "x", T);
    family.leave_children(11, |_| ChildState::Gone);
    let_go(&mut family, 11, 5);
    family.exiting(10, "x", T);
    family.leave_children(10, |_| ChildState::Gone);
    let used = Usage { user: T * 50, voluntary_switches: 10, ..Usage::default() };
    family.ended(10, Exit::Code(0), used, T);
    assert_eq!(family.usage().user, T * 50);
    let (processes, _) = family.into_facts();
    let own = |index: usize| processes[index].resources.unwrap();
    assert_eq!([0, 1, 2].map(|index| own(index).user), [T * 15, T * 5, T * 30]);
    assert_eq!([0, 1, 2].map(|index| own(index).voluntary_switches), [4, 3, 3]);
}

#[test]
fn a_process_number_may_come_back_after_its_end() {
    let mut family = family();
    family.forked(11, 2, 10, T);
    end(&mut family, 11);
    family.forked(11, 3, 10, T);
    assert_eq!(family.living_children(10), [11]);
    let (processes, _) = family.into_facts();
    assert_eq!(processes[1].exit, Some(Exit::Code(0)));
    assert_eq!(processes[2].exit, None);
}
