//! What a pool promises, whichever worker takes which task.

use std::collections::BTreeMap;
use std::time::Duration;

use kit::{Checked, Event, Finding, Program, Random, Run, Verdict, program, property};

fn pool(workers: usize, numbers: &[i64]) -> Program {
    program!().arg("workers", workers).list("numbers", numbers)
}

/// Workers, and more numbers than workers.
fn sizes(random: &mut Random) -> (usize, Vec<i64>) {
    let workers = random.pick(2..=5);
    let count = random.pick(workers + 1..=3 * workers);
    (workers, random.numbers(count))
}

/// `count` different places below `among`, in order.
fn places(random: &mut Random, count: usize, among: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..among).collect();
    while places.len() > count {
        places.remove(random.pick(0..=places.len() - 1));
    }
    places
}

/// Whether it is an event of a task's, not of the main process.
fn of_a_task(event: &Event) -> bool {
    event.who.starts_with("task-")
}

/// Passes if every task that was submitted says once that it starts and once that it ends.
fn each_task_is_done_once(run: &Run, tasks: usize) -> Checked {
    let said = run.events().filter(|event| of_a_task(event) && !event.is_named("by"));
    let mut expected = BTreeMap::new();
    for task in 0..tasks {
        expected.insert(format!("task-{task}"), vec!["start".to_owned(), "end".to_owned()]);
    }
    let seen = said.per_worker();
    let lines = |sequences: &BTreeMap<String, Vec<String>>| {
        let lines = sequences.iter().map(|(who, said)| format!("{who}: {}", said.join(", ")));
        lines.collect::<Vec<_>>()
    };
    let difference = kit::compare_unordered(&lines(&expected), &lines(&seen));
    let claim = format!("{tasks} tasks were submitted, and each should be done once");
    run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
}

/// Passes if each handle gave the square of its own number, or that below zero.
fn results_are_right(run: &Run, numbers: &[i64], sign: i64) -> Checked {
    results_are(run, numbers.iter().map(|number| sign * number * number))
}

/// Passes if the handles gave these results, the first of them that of the first task.
fn results_are(run: &Run, results: impl IntoIterator<Item = i64>) -> Checked {
    let seen = run.events().named("result");
    let mut seen: Vec<_> = seen.iter().map(|event| event.what.clone()).collect();
    let line = |(place, value): (usize, i64)| format!("result task={place} value={value}");
    let mut expected: Vec<_> = results.into_iter().enumerate().map(line).collect();
    seen.sort();
    expected.sort();
    let difference = kit::compare_unordered(&expected, &seen);
    let claim = "each handle should give the result of its own task";
    run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
}

/// A finding that fewer tasks were in work at once than could be, if the run stands still
/// with fewer than `least` events of that name.
fn serialised_unless(run: &Run, name: &str, least: usize, claim: &str) -> Checked {
    let seen = run.events().filter(|event| of_a_task(event) && event.is_named(name)).len();
    if run.deadlocked() && seen < least {
        let finding = Finding::new(Verdict::Serialised, claim);
        return Err(run.found(finding.seeing(run.events().to_string())));
    }
    Ok(())
}

#[test]
fn each_task_is_done_once_by_a_worker() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let run = pool(workers, &numbers).run()?;
        run.ends_well()?;
        each_task_is_done_once(&run, numbers.len())?;
        run.processes_created()?;
        let forked: Vec<_> = run.observation().processes.iter().skip(1).map(|p| p.pid).collect();
        for event in run.events().named("by").iter() {
            let pid = event.value("pid").and_then(|pid| pid.parse().ok()).unwrap_or(0);
            let claim = format!("{} was done by process {pid}, which is no worker", event.who);
            run.check(Finding::wrong(claim).unless(forked.contains(&pid)))?;
        }
        Ok(())
    });
}

#[test]
fn exactly_the_asked_number_of_workers_is_ever_created() {
    property(|random| {
        let workers = random.pick(1..=5);
        // Also when there is less to do than there are workers.
        let count = random.pick(0..=10);
        let run = pool(workers, &random.numbers(count)).run()?;
        run.ends_well()?;
        run.creates_processes(workers)
    });
}

#[test]
fn all_workers_are_at_work_at_once() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        // The first tasks wait for one another: with fewer in work at once they stand still.
        let run = pool(workers, &numbers).arg("meet", workers).arg("begun", 1).run()?;
        let claim = "workers are free, and no task is begun before somebody asks for its result";
        serialised_unless(&run, "start", 1, claim)?;
        let claim = format!("{workers} tasks should be in work at once, one for each worker");
        serialised_unless(&run, "start", workers, &claim)?;
        let claim = "all workers are free again and more is submitted, and no task that waits is \
                     begun before somebody asks for a result";
        serialised_unless(&run, "start", workers + 1, claim)?;
        if run.deadlocked() && run.events().named("begun").is_empty() {
            let claim = "all workers are free, hundreds of tasks are submitted, and some are not \
                         begun before somebody asks for a result";
            return Err(run.found(Finding::new(Verdict::Serialised, claim)));
        }
        run.ends_well()
    });
}

#[test]
fn submit_waits_for_nobody() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        // No task ends before main has submitted all of them; some handles are dropped at once.
        let all = places(random, numbers.len(), numbers.len());
        let dropped = places(random, numbers.len() / 2, numbers.len());
        let run = pool(workers, &numbers).list("held", &all).list("dropped", &dropped).run()?;
        if run.deadlocked() && run.events().of("main").named("submitted").is_empty() {
            let claim = "no task can end before all are submitted, and submit does not return, or \
                         the handle cannot be dropped";
            let finding = Finding::new(Verdict::Serialised, claim);
            return Err(run.found(finding.seeing(run.events().to_string())));
        }
        run.ends_well()?;
        each_task_is_done_once(&run, numbers.len())
    });
}

#[test]
fn a_free_worker_takes_the_next_task() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        // All workers but one have a task that ends only when the others are read.
        let held = places(random, workers - 1, numbers.len());
        let run = pool(workers, &numbers).list("held", &held).run()?;
        let claim = format!(
            "with {} of {workers} workers held up, the one that is free should do the rest",
            workers - 1
        );
        serialised_unless(&run, "end", numbers.len() - held.len(), &claim)?;
        run.ends_well()?;
        each_task_is_done_once(&run, numbers.len())?;
        first_come_first_served(&numbers)
    });
}

/// Passes if a single worker begins the tasks in the order in which they were submitted.
fn first_come_first_served(numbers: &[i64]) -> Checked {
    // Whatever it takes first is done when all have been submitted.
    let all: Vec<_> = (0..numbers.len()).collect();
    let run = pool(1, numbers).list("held", &all).run()?;
    let claim = "one worker should do one task after the other, and not wait for its result";
    serialised_unless(&run, "end", numbers.len(), claim)?;
    run.ends_well()?;
    let expected: Vec<_> = all.iter().map(|task| format!("task-{task}")).collect();
    let begun = run.events().filter(|event| of_a_task(event) && event.is_named("start"));
    let seen: Vec<_> = begun.iter().map(|event| event.who.clone()).collect();
    let claim = "one worker should begin the tasks in the order in which they were submitted";
    let difference = kit::compare(&expected.join("\n"), &seen.join("\n"));
    run.check(Finding::wrong(claim).seeing(difference).unless(seen == expected))
}

#[test]
fn results_belong_to_their_tasks() {
    property(|random| {
        let workers = random.pick(2..=5);
        // One result has more than 32 bits, one is 0 and one is 1; or they are below zero.
        let mut numbers = random.numbers(2 * workers);
        numbers[..3].copy_from_slice(&[0, random.pick(50_000..=3_000_000_000) as i64, 1]);
        let sign = [1, -1][random.pick(0..=1)];
        // The first tasks end in the reverse of the order in which they were submitted.
        // What nobody has read of another pool before is not theirs.
        let program = pool(workers, &numbers).arg("backwards", workers).arg("sign", sign);
        let run = program.arg("before", 1).run()?;
        let claim = "a worker that is free should take the next task while others are held up";
        serialised_unless(&run, "start", 2 * workers, claim)?;
        run.ends_well()?;
        results_are_right(&run, &numbers, sign)?;
        twins_are_told_apart()
    });
}

/// Passes if a handle waits for its own task where another has the same input and ends earlier,
/// and if every number can be an input and a result.
fn twins_are_told_apart() -> Checked {
    let run = program!().arg("twins", 1).run()?;
    if run.deadlocked() && run.events().named("start").is_empty() {
        // It did not come to that: `all_workers_are_at_work_at_once` says why.
        return Ok(());
    }
    let claim = "the first task is held up, and the other worker should do those that follow";
    serialised_unless(&run, "end", 2, claim)?;
    run.ends_well()?;
    let events = run.events();
    let told = |event: &Event| event.who == "main" && event.what.starts_with("result task=0 ");
    let until_told = events.iter().take_while(|event| !told(event));
    let ended = until_told.filter(|event| event.who == "task-0" && event.is_named("end")).count();
    let claim = "task 1 has the same input as task 0 and ends earlier; get of task 0 should wait \
                 for task 0";
    run.check(Finding::wrong(claim).seeing(events.to_string()).unless(ended == 1))?;
    let begun = events.named("start").len();
    let claim = format!("input 7 is submitted three times, and its task is done {begun} times");
    run.check(Finding::wrong(claim).seeing(events.to_string()).unless(begun == 3))?;
    results_are(&run, [7, 7, 8, 9, -1, -1, 0, i64::MIN, i64::MAX, 7].map(|input: i64| !input))
}

#[test]
fn a_result_can_be_read_while_other_tasks_go_on() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let held = [random.pick(0..=numbers.len() - 1)];
        let run = pool(workers, &numbers).list("held", &held).run()?;
        let claim = "one task is held up, and the others should be done meanwhile";
        serialised_unless(&run, "end", numbers.len() - 1, claim)?;
        run.ends_well()?;
        run.check(run.events().named("result").number(numbers.len()))?;
        // Each of the first results is read before the next task is submitted, and then come
        // as many tasks as may wait. Their results are read when the pool is gone.
        let first = random.pick(1..=workers);
        let numbers: Vec<i64> = (0..1000).chain(0..first as i64).collect();
        let run = pool(workers, &numbers).arg("first", first).arg("gone", 1).run()?;
        run.ends_well()?;
        run.check(run.events().named("result").number(numbers.len()))?;
        one_is_read_after_thousands()?;
        // Signals are handled while workers wait for a task, and while main waits for a result, before
        // it closes the pool.
        let numbers = random.numbers(workers);
        let program = pool(workers, &numbers).arg("meet", workers).arg("held", workers);
        let run = program.arg("signal", 1).run()?;
        let claim = "a signal was handled by each idle worker, and now fewer take a task";
        serialised_unless(&run, "start", workers, claim)?;
        run.ends_well()?;
        results_are_right(&run, &numbers, 1)
    });
}

/// Passes if the result of the first task is still there when those of 2100 later ones are read.
fn one_is_read_after_thousands() -> Checked {
    // A single worker, so that results come in their order. Whoever forks for each task is found
    // out elsewhere, and may take its time here.
    let program = program!().arg("workers", 1).arg("kept", 2100);
    let run = program.using(Duration::from_secs(5)).run()?;
    run.ends_well()?;
    let main = run.events().of("main");
    let right = main.named("wrong").is_empty() && main.values("value") == ["-21"];
    let claim = "a handle is dropped before its task is done, and one result is read when those of \
                 2100 later tasks have been: it should be -21, and each of the others three times \
                 its input";
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(right))
}

#[test]
fn after_close_no_task_is_taken_in() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let run = pool(workers, &numbers).arg("late", 1).run()?;
        run.ends_well()?;
        let answers = run.events().filter(|event| {
            event.who == "main" && (event.is_named("accepted") || event.is_named("refused"))
        });
        let claim = "after close, submit should answer with an error";
        let refused = answers.len() == 1 && answers.named("refused").len() == 1;
        run.check(Finding::wrong(claim).seeing(answers.to_string()).unless(refused))?;
        // What came before is done nevertheless.
        each_task_is_done_once(&run, numbers.len())
    });
}

#[test]
fn join_waits_for_every_task() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let run = pool(workers, &numbers).run()?;
        run.ends_well()?;
        let events = run.events();
        let until_joined = events.iter().take_while(|event| !event.is_named("joined"));
        let ended = until_joined.filter(|event| event.is_named("end")).count();
        let claim = format!("{ended} of {} tasks had ended when join returned", numbers.len());
        run.check(Finding::wrong(claim).unless(ended == numbers.len()))
    });
}

#[test]
fn many_tasks_may_wait() {
    property(|random| {
        let workers = random.pick(1..=5);
        let numbers: Vec<i64> = (0..1000).collect();
        // No task ends before all are submitted.
        let all: Vec<_> = (0..1000).collect();
        let run = pool(workers, &numbers).list("held", &all).run()?;
        if run.deadlocked() && run.events().of("main").named("submitted").is_empty() {
            let claim = "1000 tasks may wait, and submit does not return";
            let finding = Finding::new(Verdict::Serialised, claim);
            return Err(run.found(finding.seeing(run.events().to_string())));
        }
        run.ends_well()?;
        let results = run.events().named("result").len();
        let claim = format!("1000 tasks were submitted, {results} results came back");
        run.check(Finding::wrong(claim).unless(results == 1000))
    });
}

#[test]
fn idle_workers_sleep() {
    property(|random| {
        let workers = random.pick(2..=5);
        // The second task ends, and the first waits for one more that never comes. Main waits for
        // its result, before it closes the pool: all stand still, asleep.
        let program = pool(workers, &[7, 8]).arg("backwards", 2).arg("held", 2);
        let program = program.using(Duration::from_millis(500));
        let run = program.meant_to_hang().run()?;
        if run.observation().hang.is_none() {
            run.ends_well()?;
            let claim = "a task that waits for one more went on, though there is none";
            return Err(run.found(Finding::wrong(claim)));
        }
        let begun = run.events().named("start").len();
        let claim = "the tasks should be begun";
        run.check(Finding::new(Verdict::Serialised, claim).unless(begun > 0))?;
        // Not even now and then does anybody wake up to ask.
        run.stands_still()
    });
}

#[test]
fn every_worker_is_waited_for() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let run = pool(workers, &numbers).run()?;
        run.ends_well()?;
        run.leaves_nothing_behind()
    });
}

#[test]
fn the_whole_story_of_four_workers_and_ten_tasks() {
    property(|_| {
        let numbers: Vec<i64> = (0..10).collect();
        let run = pool(4, &numbers).run()?;
        run.ends_well()?;
        let story = run.events().filter(|event| !event.is_named("by"));
        run.check(kit::snapshot!("four_workers_ten_tasks", story))
    });
}
