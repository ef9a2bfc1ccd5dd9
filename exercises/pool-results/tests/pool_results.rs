//! What a pool promises of results that are late, fail, are announced, or never come.

use std::collections::BTreeMap;
use std::time::Duration;

use kit::{Checked, Events, Finding, Program, Random, Run, Verdict, program, property};

fn pool(workers: usize, numbers: &[i64]) -> Program {
    program!().arg("workers", workers).list("numbers", numbers)
}

/// Workers, and more numbers than workers.
fn sizes(random: &mut Random) -> (usize, Vec<i64>) {
    let workers = random.pick(2..=4);
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

/// What main was told of each task, by the words under which it asked.
fn answers(run: &Run, when: &str) -> BTreeMap<usize, String> {
    let asked = run.events().of("main").named(when);
    let answer = |what: &str| {
        let (task, answer) = what.strip_prefix(when)?.strip_prefix(" task=")?.split_once(' ')?;
        Some((task.parse().ok()?, answer.to_owned()))
    };
    asked.iter().filter_map(|event| answer(&event.what)).collect()
}

/// Passes if main was told for each of `tasks` what `expected` says.
fn tells(
    run: &Run,
    when: &str,
    tasks: impl IntoIterator<Item = usize>,
    expected: impl Fn(usize) -> String,
) -> Checked {
    let expected: BTreeMap<_, _> = tasks.into_iter().map(|task| (task, expected(task))).collect();
    let lines = |answers: &BTreeMap<usize, String>| {
        let lines = answers.iter().map(|(task, answer)| format!("task {task}: {answer}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let seen = answers(run, when);
    let evidence = kit::compare(&lines(&expected), &lines(&seen));
    let claim = match when {
        "impatient" => "asked for a result with too short a timeout, get should answer",
        "then" => "asked for a result, get should answer",
        "orphan" => "asked for the result of one more task, get should answer",
        "gone" => {
            "asked for a result after join, when the pool has been dropped, get should answer"
        }
        _ => "asked for a result after join, get should answer",
    };
    run.check(Finding::wrong(claim).seeing(evidence).unless(expected == seen))
}

fn square(numbers: &[i64], task: usize) -> String {
    format!("value={}", numbers[task] * numbers[task])
}

/// The tasks below `count` that are not in `but`.
fn others(count: usize, but: &[usize]) -> impl Iterator<Item = usize> {
    (0..count).filter(|task| !but.contains(task))
}

/// Passes if each task of `succeeded`, and no other, was announced once, with its square, in
/// the process that submitted it.
fn announced(run: &Run, callbacks: &Events, numbers: &[i64], succeeded: &[usize]) -> Checked {
    let main: String = run.check(run.events().of("main").value("pid"))?;
    let expected: Vec<_> = succeeded
        .iter()
        .map(|&task| format!("task={task} {} pid={main}", square(numbers, task)))
        .collect();
    let seen: Vec<_> = callbacks.iter().map(|event| event.what.clone()).collect();
    let difference = kit::compare_unordered(&expected, &seen);
    let claim = "each result should be announced once, in the process that submitted its task";
    run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
}

#[test]
fn a_timeout_is_reported_while_the_task_goes_on() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        // At least one task is held up, and one worker is free for the others.
        let count = random.pick(1..=workers - 1);
        let held = places(random, count, numbers.len());
        // Main waits for each of them for 5 ms, or not at all.
        let patience = [0, 5][random.pick(0..=1)];
        let program = pool(workers, &numbers).list("held", &held).arg("patience", patience);
        let run = program.arg("gone", 1).run()?;
        run.ends_well()?;
        tells(&run, "impatient", held.clone(), |_| "timed-out".to_owned())?;
        tells(&run, "then", others(numbers.len(), &held), |task| square(&numbers, task))?;
        tells(&run, "gone", held.clone(), |task| square(&numbers, task))?;
        // In few of the cases, since it takes as long as the timeout.
        if random.pick(0..=2) == 2 { the_timeout_is_not_begun_anew() } else { Ok(()) }
    });
}

/// Passes if main did not stand still before it had submitted all of its tasks.
fn submits_at_once(run: &Run, count: usize) -> Checked {
    if run.deadlocked() && run.events().of("main").named("submitted").is_empty() {
        let claim = format!("submit should return at once, also the last of {count} times");
        let finding = Finding::new(Verdict::Deadlock, claim);
        return Err(run.found(finding.seeing(run.events().of("main").to_string())));
    }
    Ok(())
}

/// Passes if main is told of the timeout although other results come all the time: each long
/// before the time is up, all together long after it.
fn the_timeout_is_not_begun_anew() -> Checked {
    let numbers = [7; 800];
    let program = pool(2, &numbers).list("held", &[0]).arg("slow", 1).arg("patience", 120);
    let run = program.arg("terminate", 1).run()?;
    submits_at_once(&run, numbers.len())?;
    if answers(&run, "impatient").is_empty() {
        run.ends_well()?;
    }
    // How it ends then is looked at elsewhere.
    tells(&run, "impatient", [0], |_| "timed-out".to_owned())?;
    let events = run.events();
    let until = events.iter().take_while(|event| !event.is_named("impatient"));
    let ended = until.filter(|event| event.is_named("end")).count();
    let claim = format!(
        "main waits 120 ms for a task that is held, while {ended} others end, which take 1 ms each: \
         with every result that comes the time seems to begin anew"
    );
    run.check(Finding::wrong(claim).unless(ended < numbers.len() - 1))
}

#[test]
fn a_timeout_that_is_long_enough_gives_the_result() {
    property(|random| {
        let (workers, mut numbers) = sizes(random);
        // One result has more than 32 bits, one is 0 and one is 1; or they are below zero.
        numbers[..3].copy_from_slice(&[0, random.pick(50_000..=3_000_000_000) as i64, 1]);
        let sign = [1, -1][random.pick(0..=1)];
        // In milliseconds: a minute, 2 to the power of 32, and the most there is.
        let timeout = [60_000, 1 << 32, u64::MAX][random.pick(0..=2)];
        let program = pool(workers, &numbers).arg("sign", sign).arg("timeout", timeout);
        let run = program.arg("again", 1).run()?;
        run.ends_well()?;
        let result = |task: usize| format!("value={}", sign * numbers[task] * numbers[task]);
        tells(&run, "then", 0..numbers.len(), result)?;
        tells(&run, "again", 0..numbers.len(), result)
    });
}

#[test]
fn the_error_of_a_task_is_carried_over() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let count = random.pick(1..=numbers.len());
        let fail = places(random, count, numbers.len());
        // What went wrong is perhaps told without a word.
        let words = random.pick(0..=2);
        let program = pool(workers, &numbers).list("fail", &fail).arg("words", words);
        let run = program.arg("again", 1).run()?;
        run.ends_well()?;
        let expected = |task: usize| match fail.contains(&task) {
            true => "error".to_owned(),
            false => square(&numbers, task),
        };
        tells(&run, "then", 0..numbers.len(), expected)?;
        tells(&run, "again", 0..numbers.len(), expected)
    });
}

#[test]
fn long_errors_arrive_whole() {
    property(|random| {
        let workers = random.pick(2..=4);
        let numbers = random.numbers(2 * workers);
        // Some 300 000 bytes each, more than any pipe or socket takes at once.
        let all = places(random, numbers.len(), numbers.len());
        let program = pool(workers, &numbers).list("fail", &all).arg("words", 50_000);
        let run = program.arg("meet", workers).run()?;
        run.ends_well()?;
        tells(&run, "then", all, |_| "error".to_owned())
    });
}

/// Passes if the callback of a task was called before its `get` returned the result.
fn announced_before_it_was_told(run: &Run, task: usize) -> Checked {
    let events = run.events();
    let what = format!("task={task} value=");
    let place = |who: &str, what: &str| {
        events.iter().position(|event| event.who == who && event.what.starts_with(what))
    };
    let (called, told) = (place("callback", &what), place("main", &format!("then {what}")));
    let claim = format!("the callback of task {task} should be called before get has returned");
    let finding = Finding::wrong(claim).seeing(run.stdout().to_owned());
    run.check(finding.unless(called.is_some() && called < told))
}

#[test]
fn the_callback_gets_each_result_once() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let chosen = places(random, 2, numbers.len());
        let (held, fail) = (&chosen[..1], &chosen[1..]);
        let run = pool(workers, &numbers).list("held", held).list("fail", fail).run()?;
        run.ends_well()?;
        let succeeded: Vec<_> = others(numbers.len(), fail).collect();
        announced(&run, &run.events().of("callback"), &numbers, &succeeded)?;
        // Nobody asks for the task that is held up between its end and the end of join.
        let events = run.events();
        let joined = events.iter().take_while(|event| !event.is_named("joined"));
        let announced = joined.filter(|event| event.who == "callback").count();
        let claim = format!(
            "of {} callbacks, {announced} were called before join returned",
            succeeded.len()
        );
        run.check(Finding::wrong(claim).unless(announced == succeeded.len()))?;
        for task in succeeded.iter().filter(|task| !held.contains(task)) {
            announced_before_it_was_told(&run, *task)?;
        }
        Ok(())
    });
}

#[test]
fn a_worker_that_dies_does_not_take_its_task_along_in_silence() {
    property(|random| {
        let workers = random.pick(3..=5);
        let count = random.pick(workers + 1..=3 * workers);
        let numbers = random.numbers(count);
        // One worker is held up, some die, and at least one is left for the other tasks.
        let deaths = random.pick(1..=workers - 2);
        let mut die = places(random, deaths + 1, numbers.len());
        let held = [die.remove(random.pick(0..=deaths))];
        let program = pool(workers, &numbers).list("die", &die).list("held", &held);
        let run = program.arg("again", 1).run()?;
        run.ends_well()?;
        let expected = |task: usize| match die.contains(&task) {
            true => "lost".to_owned(),
            false => square(&numbers, task),
        };
        tells(&run, "then", others(numbers.len(), &held), expected)?;
        tells(&run, "again", others(numbers.len(), &held), expected)?;
        // Whoever was at work all the time has lost nothing.
        tells(&run, "at-last", held, |task| square(&numbers, task))?;
        // A worker dies while main is in join already.
        let run = pool(workers, &numbers).list("die", &held).list("held", &held).run()?;
        run.ends_well()?;
        tells(&run, "at-last", held, |_| "lost".to_owned())
    });
}

#[test]
fn when_no_worker_is_left_no_task_is_waited_for() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let die: Vec<_> = (0..workers).collect();
        let run = pool(workers, &numbers).list("die", &die).arg("orphan", 1).run()?;
        run.ends_well()?;
        tells(&run, "then", 0..numbers.len(), |_| "lost".to_owned())?;
        tells(&run, "orphan", [0], |_| "lost".to_owned())?;
        // All workers, or all but one, are killed while they have nothing to do.
        let numbers = random.numbers(2 * workers);
        let spared = random.pick(0..=1);
        let program = pool(workers, &numbers).arg("idle", 1).arg("kill", workers - spared);
        let run = program.arg("orphan", 1).run()?;
        if run.deadlocked() && answers(&run, "then").len() < numbers.len() {
            // It did not come to that: `all_workers_are_at_work_at_once` says why.
            return Ok(());
        }
        run.ends_well()?;
        tells(&run, "then", 0..numbers.len(), |task| square(&numbers, task))?;
        let done = spared == 1 && answers(&run, "orphan").get(&0) == Some(&square(&numbers, 0));
        if done { Ok(()) } else { tells(&run, "orphan", [0], |_| "lost".to_owned()) }
    });
}

#[test]
fn close_finishes_what_waits() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        // Every task is held up until main has asked for each, and closes the pool.
        let all = places(random, numbers.len(), numbers.len());
        let run = pool(workers, &numbers).list("held", &all).arg("late", 1).run()?;
        run.ends_well()?;
        tells(&run, "at-last", all.clone(), |task| square(&numbers, task))?;
        nothing_is_taken_in(&run)?;
        // A single worker begins them in the order in which they were submitted, however many
        // they are, and though nobody keeps their handles.
        let count = random.pick(280..=320);
        let numbers = random.numbers(count);
        let all: Vec<_> = (0..count).collect();
        let run = pool(1, &numbers).list("held", &all).arg("forget", 1).run()?;
        submits_at_once(&run, count)?;
        run.ends_well()?;
        announced(&run, &run.events().of("callback"), &numbers, &all)?;
        let expected: Vec<_> = all.iter().map(|task| format!("task-{task}")).collect();
        let begun = run.events().named("start");
        let seen: Vec<_> = begun.iter().map(|event| event.who.clone()).collect();
        let claim = "one worker should get the tasks in the order in which they were submitted";
        let difference = kit::compare(&expected.join("\n"), &seen.join("\n"));
        run.check(Finding::wrong(claim).seeing(difference).unless(seen == expected))
    });
}

/// Passes if a task was refused that came after the end.
fn nothing_is_taken_in(run: &Run) -> Checked {
    let late = run.events().of("main").named("late");
    let claim = "after close or terminate, submit should answer with an error";
    let refused = late.len() == 1 && late.iter().all(|event| event.what.ends_with("refused"));
    run.check(Finding::wrong(claim).seeing(late.to_string()).unless(refused))
}

#[test]
fn terminate_drops_what_is_not_done_and_ends_the_workers() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let first = random.pick(0..=numbers.len() - workers);
        // As many as there are workers are never done, and those before them are.
        let held: Vec<_> = (first..numbers.len()).collect();
        let program = pool(workers, &numbers).list("held", &held).arg("terminate", 1);
        // Perhaps it was closed before.
        let program = program.arg("both", random.pick(0..=1)).arg("late", 1);
        let run = program.arg("again", 1).run()?;
        run.ends_well()?;
        nothing_is_taken_in(&run)?;
        for who in ["then", "again"] {
            tells(&run, who, 0..first, |task| square(&numbers, task))?;
        }
        for who in ["at-last", "still"] {
            tells(&run, who, held.clone(), |_| "dropped".to_owned())?;
        }
        let started = run.events().named("start").len();
        let claim = format!("{started} tasks were begun, although {workers} workers never end one");
        run.check(Finding::wrong(claim).unless(started <= first + workers))?;
        run.leaves_nothing_behind()?;
        // One worker has died before, and the others are in the middle of a task.
        let others: Vec<_> = (1..numbers.len()).collect();
        let program = pool(workers, &numbers).list("die", &[0]).list("held", &others);
        let run = program.arg("terminate", 1).arg("again", 1).run()?;
        run.ends_well()?;
        for who in ["then", "again"] {
            tells(&run, who, [0], |_| "lost".to_owned())?;
        }
        tells(&run, "at-last", others, |_| "dropped".to_owned())
    });
}

#[test]
fn join_is_refused_before_close_and_terminate() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let run = pool(workers, &numbers).arg("early", 1).run()?;
        if run.deadlocked() && run.events().of("main").named("not-joined").is_empty() {
            let claim = "join waits for a pool that is open, and which nobody can close any more";
            return Err(run.found(Finding::new(Verdict::Deadlock, claim)));
        }
        run.ends_well()?;
        let refused = run.events().of("main").named("not-joined").len() == 1;
        let claim = "join of a pool that is open should answer with an error";
        run.check(Finding::wrong(claim).unless(refused))?;
        tells(&run, "then", 0..numbers.len(), |task| square(&numbers, task))?;
        // It is as open as before.
        let run = pool(workers, &numbers).arg("early", 1).arg("orphan", 1).run()?;
        run.ends_well()?;
        tells(&run, "orphan", [0], |task| square(&numbers, task))
    });
}

#[test]
fn all_workers_are_at_work_at_once() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let run = pool(workers, &numbers).arg("meet", workers).arg("begun", 1).run()?;
        let started = run.events().named("start").len();
        if run.deadlocked() && started == 0 {
            let claim =
                "workers are free, and no task is begun before somebody asks for its result";
            let finding = Finding::new(Verdict::Serialised, claim);
            return Err(run.found(finding.seeing(run.events().to_string())));
        }
        if run.deadlocked() && started < workers {
            let claim = format!("{workers} tasks should be in work at once, {started} were");
            let finding = Finding::new(Verdict::Serialised, claim);
            return Err(run.found(finding.seeing(run.events().to_string())));
        }
        if run.deadlocked() && started == workers {
            let claim = "all workers are free again and more is submitted, and no task that waits \
                         is begun before somebody asks for a result";
            let finding = Finding::new(Verdict::Serialised, claim);
            return Err(run.found(finding.seeing(run.events().to_string())));
        }
        run.ends_well()?;
        run.creates_processes(workers)?;
        // All become free while nobody asks for a result, and the next tasks wait for one another.
        let numbers = random.numbers(2 * workers);
        let run = pool(workers, &numbers).arg("idle", 1).run()?;
        let started = run.events().named("start").len();
        if run.deadlocked() && started < numbers.len() {
            let claim = format!(
                "{workers} workers are free, {workers} tasks wait, and only {} of them are begun",
                started.saturating_sub(workers)
            );
            let finding = Finding::new(Verdict::Serialised, claim);
            return Err(run.found(finding.seeing(run.events().to_string())));
        }
        run.ends_well()?;
        tells(&run, "then", 0..numbers.len(), |task| square(&numbers, task))
    });
}

#[test]
fn who_waits_sleeps() {
    property(|random| {
        let workers = random.pick(2..=4);
        // One worker dies. The only other task waits for one more that never comes, and main for its
        // result.
        let program = pool(workers, &[7, 8]).list("die", &[0]).arg("meet", 2);
        let run = program.using(Duration::from_millis(500)).meant_to_hang().run()?;
        if run.observation().hang.is_none() {
            run.ends_well()?;
            let claim = "a task that waits for one more went on, though there is none";
            return Err(run.found(Finding::wrong(claim)));
        }
        let begun = run.events().of("task-1").named("start").len();
        let claim = "another worker dies, and the only task that is left should be begun";
        run.check(Finding::new(Verdict::Serialised, claim).unless(begun > 0))?;
        // Main waits without a deadline: nobody wakes up to ask, not even now and then.
        run.stands_still()
    });
}

#[test]
fn every_worker_is_waited_for() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let die = [random.pick(0..=numbers.len() - 1)];
        let run = pool(workers, &numbers).list("die", &die).run()?;
        run.ends_well()?;
        run.leaves_nothing_behind()
    });
}

#[test]
fn the_whole_story_of_five_tasks() {
    property(|_| {
        let program = pool(3, &[1, 2, 3, 4, 5]).list("held", &[0]).list("fail", &[1]);
        let run = program.list("die", &[2]).run()?;
        run.ends_well()?;
        // The numbers of processes differ from run to run.
        let text = run.events().to_string();
        let lines = text.lines().map(|line| line.split(" pid=").next().unwrap_or(line));
        // Callbacks come in the order of completion.
        let (mut callbacks, others): (Vec<_>, Vec<_>) =
            lines.partition(|line| line.starts_with("callback"));
        callbacks.sort_unstable();
        run.check(kit::snapshot!("five_tasks", [callbacks, others].concat().join("\n")))
    });
}
