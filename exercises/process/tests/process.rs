//! What a process object says about its process, from before the start to after the join.

use std::cell::Cell;

use kit::observation::{Exit, Process};
use kit::{Checked, Finding, Program, Random, Run, Verdict, program, property};

/// Two or three processes, and how they end: with a status, or by a signal, written `-n`.
fn ends(random: &mut Random) -> Vec<i32> {
    let count = random.pick(2..=3);
    let end = |random: &mut Random| [0, 1, 3, 255, random.pick(0..=255) as i32, -9, -15];
    (0..count).map(|_| end(random)[random.pick(0..=6)]).collect()
}

/// A run in which each process lives as `life` says, and ends as `ends` says.
fn life(life: &str, ends: &[i32]) -> Program {
    program!().list("ends", ends).arg("life", life)
}

/// Passes if each process says `key=expected` when it is looked at `when`.
fn says(run: &Run, when: &str, key: &str, expected: &[impl ToString]) -> Checked {
    for (number, expected) in (1..).zip(expected) {
        let expected = expected.to_string();
        let looked = run.events().of(&format!("main-{number}")).named(when);
        let seen: String = run.check(looked.value(key))?;
        let moment = match when {
            "before" => "before the start",
            "running" => "after the start, while the child waits at its gate,",
            "stopped" => "while the child is stopped, which is no end,",
            "unseen" => "before anybody has seen its end",
            "timeout" => "after a join with a timeout",
            "late" => "after a join with a timeout of zero, when it has ended already,",
            "after" => "after its end",
            _ => "after one more join",
        };
        let claim = format!("{moment} process {number} should say {key}={expected}, not {seen}");
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(seen == expected))?;
    }
    Ok(())
}

/// The processes that the program created, in order; a finding if there are not `count`.
fn created(run: &Run, count: usize) -> Checked<&[Process]> {
    run.ends_well()?;
    run.creates_processes(count)?;
    Ok(run.observation().processes.get(1..).unwrap_or_default())
}

#[test]
fn it_is_alive_from_the_start_to_the_end() {
    property(|random| {
        let ends = ends(random);
        for way in ["join", "look"] {
            let run = life(way, &ends).run()?;
            created(&run, ends.len())?;
            says(&run, "before", "alive", &vec![false; ends.len()])?;
            let joined = run.events().named("joined");
            let claim = "what has not been started has no end, and to join it is an error";
            run.check(Finding::wrong(claim).seeing(joined.to_string()).unless(joined.is_empty()))?;
            says(&run, "running", "alive", &vec![true; ends.len()])?;
            if way == "look" {
                says(&run, "stopped", "alive", &vec![true; ends.len()])?;
            }
            says(&run, "after", "alive", &vec![false; ends.len()])?;
        }
        // Where the system refuses no processes, nothing is said of that.
        let run = program!().arg("life", "refused").run()?;
        run.ends_well()?;
        let main = run.events();
        let lost = main.named("has");
        let claim = "a `start` that fails, here for want of a descriptor or of a process, should \
                     leave no child behind";
        run.check(Finding::wrong(claim).seeing(main.to_string()).unless(lost.is_empty()))?;
        let well = main.named("started,").is_empty() && main.named("joined,").is_empty();
        let looked = main.named("refused");
        let fresh =
            looked.iter().all(|event| event.what.ends_with("pid=none alive=false code=none"));
        let claim = "a start that fails, for want of what it needs, is an error, and the process has \
                     not been started: it has no pid and no code, is not alive, and cannot be joined";
        run.check(Finding::wrong(claim).seeing(main.to_string()).unless(well && fresh))?;
        let again = main.named("retried");
        let started = again.iter().all(|event| event.what.ends_with("alive=false code=0"));
        let claim = "a process whose start failed has not been started, and can be when there is \
                     room for it again; then it runs, ends with status 0, and is joined";
        run.check(Finding::wrong(claim).seeing(main.to_string()).unless(started))
    });
}

#[test]
fn the_exit_code_is_known_after_the_end() {
    // It takes its time, and once is enough.
    let first = Cell::new(1);
    property(|random| {
        let ends = [&[0, -1], &ends(random)[1..]].concat();
        for way in ["join", "look"] {
            let run = life(way, &ends).run()?;
            let processes = created(&run, ends.len())?;
            for (process, &end) in processes.iter().zip(&ends) {
                let exit = if end < 0 { Exit::Signal(-end) } else { Exit::Code(end) };
                run.ends_as(process.pid, exit)?;
            }
            says(&run, "running", "code", &vec!["none"; ends.len()])?;
            says(&run, "after", "code", &ends)?;
            says(&run, "again", "code", &ends)?;
            if way == "look" {
                says(&run, "unseen", "code", &vec!["none"; ends.len()])?;
            }
        }
        // The caller may have another child, which has ended.
        let run = life("join", &ends).arg("other", 77).run()?;
        run.ends_well()?;
        says(&run, "after", "code", &ends)?;
        // What one object knows, the next does not touch.
        let stopped = first.take();
        let run = life("together", &ends).arg("stopped", stopped).run()?;
        // There may be a child besides, which lets the last process go on when its parent sleeps.
        created(&run, ends.len() + stopped)?;
        says(&run, "running", "code", &vec!["none"; ends.len()])?;
        sleeps(&run, "join")?;
        says(&run, "after", "code", &ends)
    });
}

#[test]
fn the_pid_is_known_from_the_start_on() {
    property(|random| {
        let ends = ends(random);
        let run = life("join", &ends).run()?;
        let pids: Vec<_> = created(&run, ends.len())?.iter().map(|process| process.pid).collect();
        says(&run, "before", "pid", &vec!["none"; ends.len()])?;
        for when in ["running", "after", "again"] {
            says(&run, when, "pid", &pids)?;
        }
        Ok(())
    });
}

#[test]
fn the_name_is_kept_and_has_a_default() {
    property(|random| {
        let ends = ends(random);
        let name = ["painter", "reader", "清洁工"][random.pick(0..=2)];
        let names = |name: &str| -> Vec<_> {
            (1..=ends.len()).map(|number| format!("{name}-{number}")).collect()
        };
        let run = life("join", &ends).run()?;
        run.ends_well()?;
        says(&run, "before", "name", &names("Process"))?;
        let run = life("join", &ends).arg("name", name).run()?;
        run.ends_well()?;
        says(&run, "before", "name", &names(name))?;
        says(&run, "running", "alive", &vec![true; ends.len()])?;
        says(&run, "after", "name", &names(name))?;
        let next: String = run.check(run.events().of("main").value("name"))?;
        let expected = format!("Process-{}", ends.len() + 1);
        let claim =
            format!("{} were made and renamed, so the next is {expected}, not {next}", ends.len());
        run.check(Finding::wrong(claim).unless(next == expected))?;
        // Here all are made before any is started. How the run ends is another test's matter.
        let run = life("together", &ends).run()?;
        says(&run, "running", "name", &names("Process"))
    });
}

#[test]
fn the_arguments_reach_the_target_in_its_own_process() {
    property(|random| {
        let ends = ends(random);
        let count = random.pick(1..=4);
        let words = random.numbers(count);
        let run = life("join", &ends).list("words", &words).run()?;
        let processes = created(&run, ends.len())?;
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        for (number, process) in (1..).zip(processes) {
            let expected = [format!("pid={} words={}", process.pid, words.join(","))];
            let who = format!("process-{number}");
            let seen: Vec<_> =
                run.events().of(&who).iter().map(|event| event.what.clone()).collect();
            let difference = kit::compare_unordered(&expected, &seen);
            let claim = format!("{who} should call its target once, with the arguments it got");
            let finding = Finding::wrong(claim).seeing(&difference);
            run.check(finding.unless(difference.is_empty()))?;
        }
        let parent = run.observation().processes.first().map(|parent| parent.pid.to_string());
        let expected: Vec<_> = parent.into_iter().collect();
        let difference = kit::compare_unordered(&expected, &run.events().of("exit").values("pid"));
        let claim = "the child should end by `_exit`: what the parent registered for its exit should \
                     run in the parent alone; it ran in the processes";
        run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
    });
}

#[test]
fn a_second_start_is_an_error() {
    property(|random| {
        let run = life("join", &ends(random)).run()?;
        run.ends_well()?;
        let twice = run.events().named("started");
        let claim = "a process runs once, and a second `start` should be an error, while it runs and \
                     after its end; it was not";
        run.check(Finding::wrong(claim).seeing(twice.to_string()).unless(twice.is_empty()))
    });
}

#[test]
fn join_with_a_timeout_returns_while_the_child_runs_on() {
    // It takes its time, and once is enough.
    let first = Cell::new(1);
    property(|random| {
        let ends = ends(random);
        // The child stands at its gate until the timeout is over.
        let called = first.take();
        let run = life("short", &ends).arg("called", 2 * called).run()?;
        let back = run.events().named("timeout").len();
        if run.observation().hang.is_some() && back <= called {
            let claim = [
                "join_timeout should return when its time is up; it waits for the child, which \
                 waits for the parent",
                "join_timeout should return when its time is up, although the caller gets SIGCHLD \
                 again and again meanwhile, which says nothing of this child; it does not come back",
            ][back];
            return Err(run.found(Finding::new(Verdict::Timeout, claim).seeing(run.stdout())));
        }
        run.ends_well()?;
        // Whoever sends the signals is a child besides.
        if called == 0 {
            run.creates_processes(ends.len())?;
        }
        let at_once = run.events().named("ended");
        let claim = "a child that runs has not ended, which join_timeout should say at once";
        run.check(Finding::wrong(claim).seeing(at_once.to_string()).unless(at_once.is_empty()))?;
        says(&run, "timeout", "ended", &vec![false; ends.len()])?;
        says(&run, "timeout", "alive", &vec![true; ends.len()])?;
        let early = run.events().named("came");
        let claim = "join_timeout should wait for as long as it was told to";
        run.check(Finding::wrong(claim).seeing(early.to_string()).unless(early.is_empty()))?;
        // Whoever looks and naps in turn does not see the end before the time is up.
        let napped = run.events().named("napped");
        let missed = napped.filter(|event| event.value("ended") == Some("false"));
        let claim = "when its time is up join_timeout should look once more: the child has ended in \
                     its last nap, which it does not say";
        run.check(Finding::wrong(claim).seeing(missed.to_string()).unless(missed.is_empty()))?;
        says(&run, "after", "code", &ends)
    });
}

/// `livelock` if a child says that its parent did not sleep in the join.
fn sleeps(run: &Run, join: &str) -> Checked {
    let awake = run.events().filter(|event| event.what.ends_with("never slept"));
    let claim = format!("{join} should sleep until the child ends; it keeps the processor busy");
    run.check(Finding::new(Verdict::Livelock, claim).unless(awake.is_empty()))
}

#[test]
fn join_with_a_timeout_returns_when_the_child_ends() {
    property(|random| {
        // Timeouts of an hour, 50 days, and the longest there is. The first process has ended when
        // the others are waited for.
        let ends = [&ends(random)[..], &[7, 3]].concat()[..4].to_vec();
        let run = life("long", &ends).run()?;
        // The caller has a child besides, which ends while it waits for the last process.
        created(&run, ends.len() + 1)?;
        let threads = run.threads_created()?;
        let claim = format!("no thread is needed here, and none allowed; saw {threads} created");
        run.check(Finding::wrong(claim).unless(threads == 0))?;
        says(&run, "timeout", "ended", &vec![true; ends.len()])?;
        says(&run, "timeout", "code", &ends)?;
        sleeps(&run, "join_timeout")?;
        let alarms = run.events().named("alarm");
        let claim = "an alarm that join_timeout has set should not ring when that is over: it would \
                     break off whatever the caller does next";
        run.check(Finding::wrong(claim).seeing(alarms.to_string()).unless(alarms.is_empty()))?;
        says(&run, "after", "code", &ends)?;
        // It has ended before anybody waits, so there is nothing to wait for.
        let run = life("late", &ends).run()?;
        created(&run, ends.len())?;
        says(&run, "late", "ended", &vec![true; ends.len()])?;
        says(&run, "late", "code", &ends)?;
        let again = run.events().named("unsure:");
        let claim = "it has ended, which join_timeout should say as often as it is asked";
        run.check(Finding::wrong(claim).seeing(again.to_string()).unless(again.is_empty()))?;
        says(&run, "after", "code", &ends)
    });
}

#[test]
fn every_process_is_reaped() {
    property(|random| {
        for way in ["join", "look"] {
            let run = life(way, &ends(random)).run()?;
            run.ends_well()?;
            run.leaves_nothing_behind()?;
        }
        Ok(())
    });
}
