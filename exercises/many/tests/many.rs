//! What holds when many children are started together, whichever ends first.

use std::cell::Cell;
use std::collections::BTreeSet;

use kit::observation::HangKind;
use kit::{Checked, Finding, Program, Random, Run, Verdict, program, property};

/// How often it is asked who is active while nobody ends.
const OFTEN: usize = 1000;

/// Lengths of tasks, each another, in any order.
fn units(random: &mut Random) -> Vec<usize> {
    let mut units: Vec<_> = (1..=random.pick(3..=5)).collect();
    for last in (1..units.len()).rev() {
        units.swap(last, random.pick(0..=last));
    }
    units
}

/// What so many tasks are called: not in the order of the alphabet, and two of them the same.
fn names(tasks: usize) -> Vec<&'static str> {
    ["read", "paint", "read", "cook", "add"][..tasks].to_vec()
}

/// Tasks that wait for nobody.
fn free(tasks: usize) -> Program {
    program!().list("units", &vec![1; tasks]).arg("gates", 0)
}

/// `serialised` if the run stands still before all tasks have been started.
fn all_started(run: &Run, tasks: usize) -> Checked {
    let started = run.events().named("start").len();
    if run.deadlocked() && started < tasks {
        let claim = format!(
            "{tasks} tasks should be at work together; {started} started, and nothing goes on \
             before they have ended"
        );
        let finding = Finding::new(Verdict::Serialised, claim);
        return Err(run.found(finding.seeing(run.stdout())));
    }
    Ok(())
}

#[test]
fn all_tasks_are_at_work_at_once() {
    // So many take their time, and once is enough.
    let many = Cell::new(Some(70));
    property(|random| {
        // More than there are processors: the program may use one.
        for tasks in [Some(random.pick(3..=6)), many.take()].into_iter().flatten() {
            let program = free(tasks).list("ends", &vec![7; tasks]).arg("meet", tasks);
            let run = program.arg("pin", 1).run()?;
            all_started(&run, tasks)?;
            run.ends_well()?;
            let at_work = run.events().filter(|event| event.who != "main");
            run.check(at_work.overlap("start", "end").at_least(tasks))?;
            // Which code that is, is another test's matter.
            let codes: String = run.check(run.events().of("main").value("codes"))?;
            let alike = codes.split(',').all(|code| Some(code) == codes.split(',').next());
            let claim = format!("all {tasks} tasks end alike, and so their codes should be alike");
            let seeing = format!("codes: {codes}");
            run.check(Finding::wrong(claim).seeing(seeing).unless(alike))?;
        }
        Ok(())
    });
}

#[test]
fn every_task_starts_once_and_ends_once() {
    property(|random| {
        let tasks = random.pick(3..=6);
        let run = free(tasks).run()?;
        run.ends_well()?;
        let mut said: Vec<_> = Vec::new();
        for event in run.events().filter(|event| event.who != "main").iter() {
            let word = event.what.split(' ').next().unwrap_or_default();
            said.push(format!("{}: {word}", event.who));
        }
        let expected: Vec<_> = (1..=tasks)
            .flat_map(|number| ["start", "end"].map(|word| format!("task-{number}: {word}")))
            .collect();
        let difference = kit::compare_unordered(&expected, &said);
        let claim = "every task should start once and end once";
        run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
    });
}

#[test]
fn every_task_has_a_process_of_its_own() {
    property(|random| {
        let tasks = random.pick(3..=6);
        let run = free(tasks).run()?;
        run.ends_well()?;
        run.creates_processes(tasks)?;
        let threads = run.threads_created()?;
        let claim = format!("no thread is needed here, and none allowed; saw {threads} created");
        run.check(Finding::wrong(claim).unless(threads == 0))?;
        let seen: BTreeSet<_> = run.events().named("start").values("pid").into_iter().collect();
        let created = run.observation().processes.iter().skip(1);
        let expected: BTreeSet<_> = created.map(|process| process.pid.to_string()).collect();
        let claim = "each task should run in one of the processes that were created for them";
        let seeing = format!("created: {expected:?}\nat work: {seen:?}");
        run.check(Finding::wrong(claim).seeing(seeing).unless(seen == expected))?;
        // Where the system refuses no processes, nothing is said.
        let first = random.pick(1..=3);
        let run = free(tasks).arg("refuse", first).run()?;
        run.ends_well()?;
        let claim = format!(
            "where the system permits no process for task {first} of {tasks}, nor for those behind \
             it, `start_all` should be an error"
        );
        let said = run.events().named("started,");
        run.check(Finding::wrong(claim).seeing(said.to_string()).unless(said.is_empty()))
    });
}

#[test]
fn the_active_children_are_those_that_have_not_ended() {
    property(|random| {
        let units = units(random);
        let names = names(units.len());
        // Looked at after each end, and after two of them; once while the first one is stopped, and
        // another family's child has ended.
        for (look, stop, often, earlier) in [(1, 0, OFTEN, 0), (2, 0, 1, 0), (1, 1, 1, 1)] {
            let program = program!().list("units", &units).list("names", &names);
            let program = program.arg("look", look).arg("stop", stop).arg("often", often);
            let run = program.arg("earlier", earlier).run()?;
            all_started(&run, units.len())?;
            comes_back(&run)?;
            run.ends_well()?;
            // All at first; then, one after the other, without those that were shorter.
            let expected: Vec<String> = (0..=units.len())
                .step_by(look)
                .map(|ended| {
                    let active = names.iter().zip(&units).filter(|&(_, &length)| length > ended);
                    let active: Vec<_> = active.map(|(name, _)| *name).collect();
                    format!("active={}", active.join(","))
                })
                .collect();
            let asked = run.events().of("main").named("active");
            let seen: Vec<_> = asked.iter().map(|event| event.what.clone()).collect();
            let claim = format!(
                "tasks of {units:?} units, called {names:?}, end one after the other, the shortest \
                 first; who is active is asked after {look} of them each time{}",
                ["", ", and the first one is stopped when that is asked first"][stop]
            );
            let difference = kit::compare(&expected.join("\n"), &seen.join("\n"));
            run.check(Finding::wrong(claim).seeing(difference).unless(seen == expected))?;
            let others: String = run.events().of("earlier").values("active").concat();
            let claim = "another `Children`, whose child ended before these were started, is asked \
                         after them: there nobody is active";
            run.check(Finding::wrong(claim).seeing(run.stdout()).unless(others.is_empty()))?;
        }
        // Of no tasks none is active, and that is no error.
        let run = program!().list("units", &[0; 0]).run()?;
        let seen: String = run.check(run.events().of("main").value("active"))?;
        let claim = format!("without a task nobody is active, not {seen}");
        run.check(Finding::wrong(claim).unless(seen.is_empty()))
    });
}

/// `timeout` if the run spends its time with asking who is active.
fn comes_back(run: &Run) -> Checked {
    let unanswered = run.events().named("active").is_empty();
    let claim = format!(
        "`active` should come back at once; it was asked {OFTEN} times while all tasks run, and did \
         not come back from all of them"
    );
    let finding = Finding::new(Verdict::Timeout, claim).seeing(run.stdout());
    run.check(finding.unless(!(run.hung(HangKind::Timeout) && unanswered)))
}

#[test]
fn the_codes_stand_in_the_order_of_the_tasks() {
    property(|random| {
        let units = units(random);
        let mut ends: Vec<i32> =
            units.iter().map(|_| [0, 1, 3, 77, 255, -9, -15][random.pick(0..=6)]).collect();
        // Those of the same name end in different ways; with a sign, the first would be negative.
        (ends[0], ends[2]) = (200, 3);
        // A code like any other, also to whoever takes -1 for none.
        ends[1] = -1;
        for program in [
            program!().list("units", &units).arg("gates", 0),
            // They end in another order than they were started, and are looked at before the join.
            program!().list("units", &units).list("names", &names(units.len())),
        ] {
            let run = program.list("ends", &ends).run()?;
            all_started(&run, units.len())?;
            has_codes(&run, &ends)?;
        }
        has_codes(&free(0).run()?, &[])?;
        // Whoever was started before is no concern of those that come later.
        let run = free(units.len()).list("ends", &ends).arg("earlier", 1).run()?;
        let claim = "another child, started by another `start_all`, had ended before all of these, \
                     and its own join should tell its code: 8";
        let main_is_done = !run.events().of("main").named("codes").is_empty();
        let seen = run.events().of("earlier").to_string();
        let right = seen.trim() == "earlier: codes=[8]";
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(!main_is_done || right))?;
        let claim = "a child of the caller's own, which had ended before all of these, should be \
                     left alone; it was waited for";
        let taken = run.events().of("own").named("was");
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(taken.is_empty()))?;
        all_started(&run, units.len())?;
        has_codes(&run, &ends)
    });
}

fn has_codes(run: &Run, ends: &[i32]) -> Checked {
    run.ends_well()?;
    let expected: Vec<_> = ends.iter().map(i32::to_string).collect();
    let expected = expected.join(",");
    let seen: String = run.check(run.events().of("main").value("codes"))?;
    let claim = format!("the exit codes should be {expected}, in the order of the tasks");
    let seeing = format!("seen: {seen}");
    run.check(Finding::wrong(claim).seeing(seeing).unless(seen == expected))
}

#[test]
fn the_join_waits_for_those_that_still_run() {
    property(|random| {
        let units = units(random);
        let ends: Vec<i32> = units.iter().map(|_| random.pick(0..=9) as i32).collect();
        let leave = random.pick(1..=units.len());
        // The longest is stopped when the join begins, which is no end.
        let program = program!().list("units", &units).list("ends", &ends);
        let run = program.arg("leave", leave).arg("stop", 1).run()?;
        all_started(&run, units.len())?;
        has_codes(&run, &ends)?;
        run.check(run.events().named("end").number(units.len()))
    });
}

#[test]
fn the_whole_story_of_three_tasks() {
    property(|_| {
        let run = program!().list("units", &[3, 2, 1]).run()?;
        all_started(&run, 3)?;
        run.ends_well()?;
        let events = run.events().filter(|event| !event.is_named("processors"));
        let mut story = String::new();
        for line in events.to_string().lines() {
            // The number of a process is another in each run.
            let words: Vec<_> = line.split(' ').filter(|word| !word.starts_with("pid=")).collect();
            story += &(words.join(" ") + "\n");
        }
        run.check(kit::snapshot!("tasks_of_three_two_and_one_units", story))
    });
}

#[test]
fn all_children_are_reaped() {
    property(|random| {
        let run = free(random.pick(3..=6)).run()?;
        run.ends_well()?;
        run.leaves_nothing_behind()
    });
}

#[test]
fn the_processors_are_counted() {
    property(|_| {
        // The second time the program may use one of them.
        for pin in [0, 1] {
            let run = free(1).arg("pin", pin).arg("unseen", 1 - pin).run()?;
            run.ends_well()?;
            let main = run.events().of("main");
            let seen: usize = run.check(main.value("processors"))?;
            let expected: usize = run.check(main.value("of"))?;
            let claim = format!("this machine lets {expected} processes run at once, not {seen}");
            run.check(Finding::wrong(claim).unless(seen == expected))?;
            // Then `sched_getaffinity` fails, and std finds another way.
            for unseen in run.events().of("unseen").iter() {
                let [seen, expected] = ["processors", "of"].map(|key| unseen.value(key));
                let claim = "the number should be std's, also where `sched_getaffinity` fails, as \
                             it does for programs on the largest machines";
                let finding = Finding::wrong(claim).seeing(run.events().of("unseen").to_string());
                run.check(finding.unless(seen == expected))?;
            }
        }
        Ok(())
    });
}
