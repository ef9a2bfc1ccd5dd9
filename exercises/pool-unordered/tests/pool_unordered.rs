//! What a streaming map promises, whichever result is the first.

use std::collections::BTreeMap;
use std::time::Duration;

use kit::{Checked, Event, Events, Finding, Program, Random, Run, Verdict, program, property};

fn pool(workers: usize, numbers: &[i64]) -> Program {
    program!().arg("workers", workers).list("numbers", numbers)
}

/// Workers, and more numbers than workers.
fn sizes(random: &mut Random) -> (usize, Vec<i64>) {
    let workers = random.pick(2..=5);
    let count = random.pick(workers + 1..=4 * workers);
    (workers, random.numbers(count))
}

/// The places below `count`, shuffled.
fn shuffled(random: &mut Random, count: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..count).collect();
    (0..count).map(|_| left.swap_remove(random.pick(0..=left.len() - 1))).collect()
}

/// What the tasks say, without the processes that they are done by.
fn said_by_tasks(run: &Run) -> Events {
    let of_a_task = |event: &Event| event.who.starts_with("number-");
    run.events().filter(|event| of_a_task(event) && !event.is_named("by"))
}

/// Passes if the values that came are the squares of `numbers`, in any order.
fn squares_came(run: &Run, numbers: &[i64]) -> Checked {
    squares_came_to(run, "main", numbers, 1)
}

fn squares_came_to(run: &Run, who: &str, numbers: &[i64], sign: i64) -> Checked {
    let mut expected: Vec<_> = numbers.iter().map(|n| (sign * n * n).to_string()).collect();
    expected.sort();
    let seen = run.events().of(who).values("value");
    let difference = kit::compare_unordered(&expected, &seen);
    let claim = match who {
        "beside" => format!(
            "the results of {} numbers should come to another process, too, which calls the map \
             while main's workers are at work",
            numbers.len()
        ),
        _ => format!("the results of {} numbers should come, each once", numbers.len()),
    };
    run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
}

/// A finding that the run stands still although something else could have happened.
fn serialised_if(run: &Run, too_few: bool, claim: &str) -> Checked {
    if run.deadlocked() && too_few {
        let finding = Finding::new(Verdict::Serialised, claim);
        return Err(run.found(finding.seeing(run.events().to_string())));
    }
    Ok(())
}

#[test]
fn every_result_comes_once() {
    property(|random| {
        let (workers, mut numbers) = sizes(random);
        // One square has more than 32 bits, one is 0 and one is that of -1.
        numbers[..3].copy_from_slice(&[random.pick(50_000..=3_000_000_000) as i64, 0, -1]);
        // The first result is late, and main handles signals while it waits for it.
        let run = pool(workers, &numbers).arg("signal", 1).run()?;
        run.ends_well()?;
        squares_came(&run, &numbers)?;
        let more = run.events().of("main").named("something").len();
        let claim = "`next` said that there is no more, and then gave something";
        run.check(Finding::wrong(claim).unless(more == 0))?;
        // And a second time in the same process, below zero.
        let run = pool(workers, &numbers).arg("again", 1).arg("sign", -1).run()?;
        run.ends_well()?;
        squares_came_to(&run, "main", &numbers, -1)?;
        squares_came_to(&run, "again", &numbers, -1)?;
        no_descriptor_is_left(&run)
    });
}

/// Passes if a second call has left no descriptor open.
fn no_descriptor_is_left(run: &Run) -> Checked {
    let kept: usize = run.check(run.events().of("again").value("kept"))?;
    let claim = format!(
        "the second call left {kept} more descriptors open than there were: after many calls \
         the process has none left"
    );
    run.check(Finding::new(Verdict::Leak, claim).unless(kept == 0))
}

#[test]
fn each_number_is_done_once_by_a_worker() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let run = pool(workers, &numbers).run()?;
        run.ends_well()?;
        let story = |place| (format!("number-{place}"), vec!["start".to_owned(), "end".to_owned()]);
        let expected: BTreeMap<_, _> = (0..numbers.len()).map(story).collect();
        let said = said_by_tasks(&run);
        let claim = format!("each of {} numbers should be done once", numbers.len());
        let as_expected = said.per_worker() == expected;
        run.check(Finding::wrong(claim).seeing(said.to_string()).unless(as_expected))?;
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
fn exactly_the_asked_number_of_processes_is_created() {
    property(|random| {
        let workers = random.pick(1..=5);
        let count = random.pick(1..=10);
        // Also if there is nothing to do.
        for numbers in [random.numbers(count), Vec::new()] {
            let run = pool(workers, &numbers).run()?;
            run.ends_well()?;
            run.creates_processes(workers)?;
        }
        Ok(())
    });
}

#[test]
fn all_workers_are_at_work_at_once() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        // The first numbers wait for one another: with fewer in work at once they stand still. So
        // does another process, which then calls the map, too, before any number is done.
        let run = pool(workers, &numbers).arg("meet", workers + 1).arg("beside", 1).run()?;
        let started = said_by_tasks(&run).named("start").len();
        let claim = format!("{workers} numbers should be in work at once, {started} were");
        serialised_if(&run, started < workers, &claim)?;
        run.ends_well()?;
        squares_came(&run, &numbers)?;
        squares_came_to(&run, "beside", &numbers, 1)
    });
}

#[test]
fn the_first_results_come_before_the_last_is_done() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let many = random.numbers(1200);
        for numbers in [numbers, many] {
            // One number is done only when the results of all others have been taken.
            let held = [random.pick(0..=numbers.len() - 1)];
            let program = pool(workers, &numbers).list("held", &held);
            let run = program.arg("quiet", usize::from(numbers.len() > 100)).run()?;
            let taken = run.events().of("main").values("value").len();
            let claim = format!(
                "with one number held up, the results of the {} others should come; {taken} came",
                numbers.len() - 1
            );
            serialised_if(&run, taken < numbers.len() - 1, &claim)?;
            run.ends_well()?;
            squares_came(&run, &numbers)?;
        }
        Ok(())
    });
}

#[test]
fn each_result_is_handed_out_as_soon_as_it_is_there() {
    property(|random| {
        let workers = random.pick(2..=5);
        let numbers = random.numbers(workers);
        // Each number is done only when its result is about to be taken.
        let asked = shuffled(random, workers);
        let run = pool(workers, &numbers).list("asked", &asked).run()?;
        let came = run.events().of("main").named("asked");
        let claim = format!(
            "the numbers end in the order {asked:?}, one when the result before it is taken; \
             only {} of {workers} results came",
            came.len()
        );
        serialised_if(&run, came.len() < workers, &claim)?;
        run.ends_well()?;
        let square = |place: &usize| {
            format!("asked place={place} value={}", numbers[*place] * numbers[*place])
        };
        let expected: Vec<_> = asked.iter().map(square).collect();
        let seen: Vec<_> = came.iter().map(|event| event.what.clone()).collect();
        let evidence = kit::compare(&expected.join("\n"), &seen.join("\n"));
        let claim = "the result that comes should be that of the number that was just done";
        run.check(Finding::wrong(claim).seeing(evidence).unless(expected == seen))
    });
}

#[test]
fn a_free_worker_takes_the_next_number() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        // All workers but one are held up until the results of all other numbers are taken.
        let held: Vec<_> = shuffled(random, numbers.len()).into_iter().take(workers - 1).collect();
        let run = pool(workers, &numbers).list("held", &held).run()?;
        let taken = run.events().of("main").values("value").len();
        let claim = format!(
            "with {} of {workers} workers held up, the one that is free should do the rest",
            held.len()
        );
        serialised_if(&run, taken < numbers.len() - held.len(), &claim)?;
        run.ends_well()?;
        squares_came(&run, &numbers)?;
        // By several workers, or by one.
        first_come_first_served(workers - 1, &numbers)?;
        the_first_takes_nothing_out_of_turn(workers, &numbers)
    });
}

/// Passes if the worker that is forked first takes the numbers in their order while there is no
/// other: it has come to rest before the second is forked.
fn the_first_takes_nothing_out_of_turn(workers: usize, numbers: &[i64]) -> Checked {
    let run = pool(workers, numbers).arg("rest", 1).run()?;
    run.ends_well()?;
    let events = run.events();
    let alone = events.iter().take_while(|event| !event.is_named("forked"));
    let begun = alone.filter(|event| event.is_named("start"));
    let seen: Vec<_> = begun.map(|event| event.who.clone()).collect();
    let expected: Vec<_> = (0..seen.len()).map(|place| format!("number-{place}")).collect();
    let claim = "while there is only one worker, it should begin the numbers in the order of the \
                 input";
    let difference = kit::compare(&expected.join("\n"), &seen.join("\n"));
    run.check(Finding::wrong(claim).seeing(difference).unless(seen == expected))
}

/// Passes if the numbers are begun in the order of the input.
///
/// The first ones hold up all workers but one, and the rest is done by that one.
fn first_come_first_served(workers: usize, numbers: &[i64]) -> Checked {
    let held: Vec<_> = (0..workers - 1).collect();
    let run = pool(workers, numbers).list("held", &held).run()?;
    run.ends_well()?;
    let rest = workers - 1..numbers.len();
    let expected: Vec<_> = rest.map(|place| format!("number-{place}")).collect();
    let begun = said_by_tasks(&run).named("start");
    let begun = begun.iter().map(|event| event.who.clone());
    let is_held = |who: &String| held.iter().any(|place| *who == format!("number-{place}"));
    let seen: Vec<_> = begun.filter(|who| !is_held(who)).collect();
    let claim = format!(
        "the numbers should be begun in the order of the input, by {workers} workers, of which \
         the first numbers hold up all but one"
    );
    let difference = kit::compare(&expected.join("\n"), &seen.join("\n"));
    run.check(Finding::wrong(claim).seeing(difference).unless(seen == expected))
}

#[test]
fn who_waits_sleeps() {
    property(|random| {
        // The only number waits for a second one that never comes, and main for its result.
        let program = pool(random.pick(1..=4), &[7]).arg("meet", 2);
        let run = program.using(Duration::from_millis(500)).meant_to_hang().run()?;
        if run.observation().hang.is_none() {
            run.ends_well()?;
            let claim = "a number that waits for a second one went on, though there is none";
            return Err(run.found(Finding::wrong(claim)));
        }
        let begun = said_by_tasks(&run).named("start").len();
        let claim = "the only number should be begun";
        run.check(Finding::new(Verdict::Serialised, claim).unless(begun > 0))?;
        // Not even now and then does anybody wake up to ask.
        run.stands_still()?;
        // Nobody takes the results, and they are more than a pipe holds: workers are held back.
        let numbers = random.numbers(9_000);
        let program = pool(random.pick(1..=4), &numbers).arg("quiet", 1).arg("idle", 1);
        program.using(Duration::from_secs(2)).meant_to_hang().run()?.stands_still()
    });
}

#[test]
fn more_results_than_a_pipe_holds_arrive_whole() {
    property(|random| {
        // At 8 bytes each, more than the 65 536 that a pipe holds.
        let count = random.pick(9_000..=10_000);
        let numbers = random.numbers(count);
        let workers = random.pick(1..=4);
        let run = pool(workers, &numbers).arg("quiet", 1).run()?;
        run.ends_well()?;
        squares_came(&run, &numbers)?;
        // And more numbers than a pipe has room for their places: still the call returns.
        pool(workers, &[7; 20_000]).arg("quiet", 1).arg("take", 9).run()?.ends_well()
    });
}

#[test]
fn an_early_end_leaves_no_worker_behind() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        // One number is never done, and nobody takes all of the others.
        let held = [random.pick(0..=numbers.len() - 1)];
        let take = random.pick(0..=numbers.len() - 2);
        let program = pool(workers, &numbers).list("held", &held).arg("take", take);
        // Main handles SIGTERM, so that ends no worker. And once more, where no number is held up.
        let run = program.arg("deaf", 1).arg("again", 1).run()?;
        let main = run.events().of("main");
        let too_few = main.named("started").is_empty() || main.values("value").len() < take;
        let claim = format!("{take} results should come while one number is never done");
        serialised_if(&run, too_few, &claim)?;
        if run.deadlocked() {
            let claim = "dropping the results should end the workers, not wait for their tasks";
            let finding = Finding::new(Verdict::Deadlock, claim);
            return Err(run.found(finding.seeing(run.events().to_string())));
        }
        run.ends_well()?;
        run.leaves_nothing_behind()?;
        no_descriptor_is_left(&run)?;
        // All results are taken, and nobody asks whether there are more.
        let run = pool(workers, &numbers).arg("take", numbers.len()).run()?;
        run.ends_well()?;
        run.leaves_nothing_behind()
    });
}

#[test]
fn every_worker_is_waited_for_when_the_results_end() {
    property(|random| {
        let (workers, numbers) = sizes(random);
        let run = pool(workers, &numbers).run()?;
        run.ends_well()?;
        let children = run.events().of("main").named("children").len();
        let claim = "`next` said that there is no more, and not every worker was waited for";
        run.check(Finding::new(Verdict::Leak, claim).unless(children == 0))?;
        run.leaves_nothing_behind()?;
        // Main has children of its own; all results are taken, or not.
        for take in [numbers.len() + 1, 1] {
            let run = pool(workers, &numbers).arg("own", 1).arg("take", take).run()?;
            if run.deadlocked() {
                let claim = "main has a child that is no worker, and the pool waits for it";
                return Err(run.found(Finding::new(Verdict::Deadlock, claim)));
            }
            run.ends_well()?;
            let own: usize = run.check(run.events().of("main").value("own"))?;
            let claim = format!("main has 2 children that are no workers, and finds {own} of them");
            run.check(Finding::wrong(claim).unless(own == 2))?;
        }
        Ok(())
    });
}

#[test]
fn no_numbers_give_no_results() {
    property(|random| {
        let run = pool(random.pick(1..=4), &[]).run()?;
        run.ends_well()?;
        squares_came(&run, &[])
    });
}

#[test]
fn the_whole_story_of_three_workers_and_five_numbers() {
    property(|_| {
        let run = pool(3, &[1, 2, 3, 4, 5]).run()?;
        run.ends_well()?;
        squares_came(&run, &[1, 2, 3, 4, 5])?;
        // In the order of arrival the results differ from run to run.
        let story = run.events().filter(|event| !event.is_named("by") && !event.is_named("value"));
        run.check(kit::snapshot!("three_workers_five_numbers", story))
    });
}
