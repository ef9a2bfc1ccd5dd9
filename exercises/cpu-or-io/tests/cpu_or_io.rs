//! What a batch promises, seen in real runs. `explored.rs` looks at every schedule.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use kit::{Checked, Finding, Program, Run, Verdict, program, property};

const MOST: usize = 64;

fn batch(threads: usize, tasks: usize) -> Program {
    program!().arg("threads", threads).arg("tasks", tasks)
}

fn chosen(kind: &str, tasks: usize, cores: usize) -> Program {
    program!().arg("kind", kind).arg("tasks", tasks).arg("cores", cores)
}

/// Passes if the program chose `expected` threads.
fn chooses(run: &Run, expected: usize, why: &str) -> Checked {
    let seen: usize = run.check(run.events().of("main").value("chosen"))?;
    let claim = format!("{why}: expected {expected} threads, saw {seen}");
    run.check(Finding::wrong(claim).unless(seen == expected))
}

/// Passes if so many tasks were begun.
fn begun(run: &Run, tasks: usize) -> Checked {
    let seen = run.events().named("start").len();
    let claim = format!("{tasks} tasks should be begun, {seen} were");
    run.check(Finding::wrong(claim).unless(seen == tasks))
}

/// A finding that threads are idle, if the run stands still with fewer than `least` in work.
fn serialised_unless(run: &Run, least: usize, claim: &str) -> Checked {
    let inside = run.events().overlap("start", "end").still_inside();
    if run.deadlocked() && inside < least {
        let claim = format!("{claim}; {inside} of {least} are in work, and the others never come");
        let finding = Finding::new(Verdict::Serialised, claim);
        return Err(run.found(finding.seeing(run.events().to_string())));
    }
    Ok(())
}

#[test]
fn each_task_is_done_once_and_results_keep_their_order() {
    property(|random| {
        let (threads, tasks) = (random.pick(1..=8), random.pick(0..=40));
        let run = batch(threads, tasks).run()?;
        run.ends_well()?;
        begun(&run, tasks)?;
        let said = run.events().filter(|event| event.who != "main" && !event.is_named("on"));
        run.check(said.each_says(&["start", "end"]))?;
        let steps = |number: usize| {
            let (mut number, mut steps) = (number + 1, 0);
            while number != 1 {
                number = if number.is_multiple_of(2) { number / 2 } else { 3 * number + 1 };
                steps += 1;
            }
            steps.to_string()
        };
        let expected = (0..tasks).map(steps).collect::<Vec<String>>().join(",");
        let results: String = run.check(run.events().of("main").value("results"))?;
        let evidence = format!("- expected: {expected}\n+ seen:     {results}");
        let claim = "results should stand in the order of their tasks";
        run.check(Finding::wrong(claim).seeing(evidence).unless(results == expected))
    });
}

fn started(run: &Run, threads: usize) -> Checked {
    let created = run.threads_created()?;
    let claim = format!("{threads} threads in all were asked for, {created} were started");
    run.check(Finding::wrong(claim).unless(created == threads))
}

#[test]
fn exactly_the_asked_number_of_threads_is_started() {
    property(|random| {
        // Fewer tasks than threads, and none; one thread, which could seem to be one too many.
        let few = (random.pick(3..=8), random.pick(0..=2));
        for (threads, tasks) in [few, (2, 0), (1, 2)] {
            let run = batch(threads, tasks).run()?;
            run.ends_well()?;
            started(&run, threads)?;
        }
        // More than `threads_for` would choose, and then batches in tasks get no fewer, however deep.
        let run = batch(MOST + 6, 3).list("inner", &[2, 2, 2]).run()?;
        run.ends_well()?;
        // How many of those are begun is another test's.
        let inner = run.events().of("inner").values("threads");
        let inner = inner.iter().filter_map(|threads| threads.parse::<usize>().ok());
        started(&run, MOST + 6 + inner.sum::<usize>())?;
        let (threads, tasks) = (random.pick(1..=8), random.pick(1..=30));
        let run = batch(threads, tasks).run()?;
        run.ends_well()?;
        started(&run, threads)?;
        let main: String = run.check(run.events().of("main").value("on"))?;
        let own =
            run.events().filter(|event| event.who != "main" && event.what == format!("on={main}"));
        let claim = "the calling thread should only wait, and it did tasks itself";
        run.check(Finding::wrong(claim).seeing(own.to_string()).unless(own.is_empty()))
    });
}

#[test]
fn all_threads_are_at_work_at_once() {
    let many = Cell::new(false);
    property(|random| {
        let threads = random.pick(2..=8);
        let mut cases = vec![(threads, threads * random.pick(1..=3))];
        // More than `threads_for` would choose; of shares in floating point the last ends too soon
        // here. Once is enough.
        if !many.replace(true) {
            cases.push((MOST + 6, MOST + 30));
        }
        for (threads, tasks) in cases {
            // As many tasks as there are threads wait for one another.
            let run = batch(threads, tasks).arg("meet", threads).run()?;
            serialised_unless(&run, threads, "all threads should have a task in work at once")?;
            run.ends_well()?;
            begun(&run, tasks)?;
        }
        Ok(())
    });
}

#[test]
fn who_has_nothing_to_do_sleeps() {
    property(|random| {
        let tasks = random.pick(2..=3);
        // All tasks wait for one more, which there is not: a right program stands still.
        let program = batch(tasks + 2, tasks).arg("meet", tasks + 1);
        let run = program.using(Duration::from_millis(500)).meant_to_hang().run()?;
        run.stands_still()?;
        let begun = run.events().named("start").len();
        let claim = format!(
            "there are more threads than tasks, so all {tasks} tasks should be in work, and {begun} are"
        );
        run.check(Finding::new(Verdict::Serialised, claim).unless(begun == tasks))
    });
}

#[test]
fn the_work_is_spread_evenly() {
    property(|random| {
        let threads = random.pick(3..=6);
        // A few rounds, and many: who takes several tasks at a time then does not spread them.
        let few = (threads, random.pick(2..=4), threads - 1);
        for (threads, rounds, left) in [few, (3, 131, random.pick(0..=1))] {
            let tasks = threads * rounds + left;
            // Each task waits until every thread has one, round after round, and at the end
            // until all that are left over have one.
            let run = batch(threads, tasks).arg("even", 1).run()?;
            serialised_unless(&run, threads, "in each round every thread should have a task")?;
            run.ends_well()?;
            let on = run.events().filter(|event| event.who != "main").values("on");
            let used = on.into_iter().collect::<BTreeSet<_>>().len();
            let claim =
                format!("{tasks} tasks should be spread over {threads} threads, {used} did them");
            run.check(Finding::wrong(claim).unless(used == threads))?;
        }
        Ok(())
    });
}

#[test]
fn computing_tasks_get_a_thread_for_each_core() {
    property(|random| {
        let (cores, tasks) = (random.pick(1..=16), random.pick(0..=24));
        let run = chosen("cpu", tasks, cores).run()?;
        let why = format!("{tasks} tasks that compute, on {cores} cores");
        chooses(&run, cores.min(tasks).max(1), &why)?;
        let run = chosen("cpu", 200, MOST + random.pick(1..=100)).run()?;
        chooses(&run, MOST, &format!("more cores than a batch may have threads, {MOST}"))?;
        run.ends_well()
    });
}

#[test]
fn waiting_tasks_get_a_thread_each_up_to_a_bound() {
    property(|random| {
        let (cores, tasks) = (random.pick(1..=8), random.pick(0..=MOST));
        let run = chosen("io", tasks, cores).run()?;
        let why = format!("{tasks} tasks that wait, on {cores} cores");
        chooses(&run, tasks.max(1), &why)?;
        for kind in ["io", "cpu"] {
            let run = chosen(kind, 0, cores).run()?;
            chooses(&run, 1, "a batch without tasks gets one thread")?;
        }
        let many = random.pick(MOST + 1..=3 * MOST);
        let run = chosen("io", many, cores).run()?;
        chooses(&run, MOST, &format!("{many} tasks that wait, at most {MOST} threads"))?;
        run.ends_well()
    });
}

#[test]
fn waiting_tasks_wait_together_even_on_one_core() {
    property(|random| {
        let tasks = random.pick(2..=MOST);
        let run = chosen("io", tasks, 1).arg("meet", tasks).run()?;
        serialised_unless(&run, tasks, "all tasks that wait should wait at the same time")?;
        run.ends_well()
    });
}

#[test]
fn the_whole_story_of_two_threads_and_five_tasks() {
    property(|_| {
        let run = batch(2, 5).run()?;
        run.ends_well()?;
        let story = run.events().filter(|event| !event.is_named("on") && !event.is_named("chosen"));
        run.check(kit::snapshot!("two_threads_five_tasks", story))
    });
}
