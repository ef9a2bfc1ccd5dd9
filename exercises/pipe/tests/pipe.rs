//! What messages through pipes promise, whoever is the first to send.

use std::time::Duration;

use kit::{Checked, Finding, Program, Run, Verdict, program, property};

fn children(count: usize) -> Program {
    program!().arg("children", count)
}

/// As the driver prints a list without equal neighbours.
fn shown(list: &[i64]) -> String {
    let words: Vec<_> = list.iter().map(i64::to_string).collect();
    format!("[{}]", words.join(" "))
}

/// `count` numbers of which no two neighbours are equal.
fn numbers(count: usize, from: usize) -> Vec<i64> {
    (0..count as i64).map(|index| (from as i64 - 500) * (1 - index % 2 * 2) + index).collect()
}

/// Passes if the parent got exactly `expected`, in any order.
fn got(run: &Run, expected: &[String], claim: &str) -> Checked {
    run.ends_well()?;
    let events = run.events().of("main").named("got");
    let seen: Vec<_> = events.iter().map(|event| event.what.replacen("got ", "", 1)).collect();
    let difference = kit::compare_unordered(expected, &seen);
    run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
}

#[test]
fn every_list_arrives_once() {
    property(|random| {
        let (count, numbers) =
            (random.pick(1..=5), numbers(random.pick(1..=9), random.pick(0..=999)));
        // While the parent waits it gets a signal, which is no reason to wait no longer.
        let run = children(count).list("numbers", &numbers).arg("interrupt", 1);
        let run = run.arg("times", 2).run()?;
        let claim = "`gather` is called twice, and each child sends its list once";
        got(&run, &vec![shown(&numbers); 2 * count], claim)
    });
}

#[test]
fn lists_of_different_lengths_arrive_whole() {
    property(|random| {
        let count = random.pick(3..=5);
        let numbers = numbers(count - 1, random.pick(0..=999));
        let run = children(count).list("numbers", &numbers).arg("shorter", 1).run()?;
        let lists: Vec<_> = (0..count).map(|less| shown(&numbers[..count - 1 - less])).collect();
        got(&run, &lists, "each child sends one number less than the one before, the last none")
    });
}

#[test]
fn large_lists_are_not_mixed() {
    property(|random| {
        // More than a pipe holds, and all children are about to send at once.
        let (count, length) = (random.pick(3..=4), random.pick(12_000..=16_000));
        let run = children(count).arg("length", length).arg("meet", count).run()?;
        at_work_at_once(&run, count)?;
        let lists: Vec<_> = (1..=count).map(|number| format!("[{length}x{number}]")).collect();
        got(&run, &lists, "each child sends its own number, and nothing else stands in its list")?;
        // More than two bytes can count, and as much as a number of pages hold.
        let length = 512 * random.pick(129..=136);
        let run = children(1).arg("length", length).run()?;
        got(&run, &[format!("[{length}x1]")], "one child sends its own number, very often")?;
        // More than a pipe can be made to hold, and at the same time what a single write sends.
        let (length, less) = (140_000, random.pick(139_600..=139_900));
        let large = children(2).arg("length", length).arg("shorter", less).arg("beside", 1);
        // Whoever takes each byte by itself needs some time for a megabyte.
        let run = large.using(Duration::from_secs(8)).within(Duration::from_secs(30)).run()?;
        let lists = [format!("[{length}x1]"), format!("[{}x2]", length - less)];
        let claim = "one child sends its own number very often, and in the midst of that the \
                     other one seldom";
        got(&run, &lists, claim)
    });
}

#[test]
fn a_list_that_comes_in_pieces_is_whole() {
    property(|random| {
        let (size, numbers) =
            (random.pick(1..=7), numbers(random.pick(1..=9), random.pick(0..=999)));
        let run = program!().arg("pieces", size).list("numbers", &numbers).run()?;
        let lists = [shown(&numbers), "[]".to_owned(), shown(&[-1, 0, i64::MIN, i64::MAX])];
        got(&run, &lists, &format!("three lists, of which {size} bytes come at a time"))?;
        run.check(run.events().named("end").number(1))?;
        let cut: String = run.check(run.events().value("cut"))?;
        let claim = "a list of which the end is missing is an error, not a list and not the end";
        run.check(Finding::wrong(claim).unless(cut == "error"))?;
        let beyond: bool = run.check(run.events().value("beyond"))?;
        let claim =
            "there were more bytes to be had than those of the list, and `receive` took some";
        run.check(Finding::wrong(claim).unless(!beyond))
    });
}

#[test]
fn a_child_that_dies_keeps_nobody_waiting() {
    property(|random| {
        let (count, numbers) =
            (random.pick(3..=5), numbers(random.pick(1..=9), random.pick(0..=999)));
        let dies = random.pick(1..=count);
        let run = children(count).arg("die", dies).arg("panic", 1 + dies % count);
        let run = run.arg("catch", 1 + (dies + 1) % count);
        let claim = "one child gets SIGTERM before it sends, another panics in its work, and the \
                     lists of the others arrive, also of one that catches a panic of its own";
        got(&run.list("numbers", &numbers).run()?, &vec![shown(&numbers); count - 2], claim)?;
        // Those before it and behind it sleep at their full pipes until they are read from.
        let length = random.pick(12_000..=16_000);
        let run = children(3).arg("die", 2).arg("length", length).run()?;
        let claim = "the second of three children gets SIGTERM before it sends, and the large lists \
                     of the others arrive";
        got(&run, &[format!("[{length}x1]"), format!("[{length}x3]")], claim)?;
        let run = children(1).arg("die", 1).run()?;
        got(&run, &[], "the only child gets SIGTERM before it sends, so there is no list")?;
        // More than a pipe can be made to hold.
        let torn = children(2).arg("torn", 1).arg("meet", 2).arg("length", 140_000);
        is_lost_whole(&torn.run()?, 140_000)
    });
}

/// Passes if the list of a child that was killed while it sent is missing, or has come whole, or
/// if this is an error; and if nobody is left in either case.
fn is_lost_whole(run: &Run, length: usize) -> Checked {
    at_work_at_once(run, 2)?;
    run.ends_well()?;
    let events = run.events().of("main");
    let mut seen = events.named("got").iter().map(|event| event.what.clone()).collect::<Vec<_>>();
    seen.sort_unstable();
    let whole = [format!("got [{length}x1]"), format!("got [{length}x2]")];
    let right = events.named("error").len() == 1 || seen == whole || seen == whole[1..];
    let claim = "the first of two children is killed while it sends a large list: this is an \
                 error, or the list of the other one alone arrives, but never a part of a list";
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(right))?;
    run.leaves_nothing_behind()
}

#[test]
fn all_children_are_at_work_at_once() {
    property(|random| {
        let count = random.pick(65..=70);
        let run = children(count).arg("meet", count).run()?;
        at_work_at_once(&run, count)?;
        run.ends_well()
    });
}

/// Passes unless the run stands still because fewer than `count` children are at work.
fn at_work_at_once(run: &Run, count: usize) -> Checked {
    let started = run.events().named("start").len();
    if run.deadlocked() && started < count {
        let claim = format!("{count} children should be at work at once, not {started}");
        let finding = Finding::new(Verdict::Serialised, claim);
        return Err(run.found(finding.seeing(run.events().to_string())));
    }
    Ok(())
}

#[test]
fn each_child_is_a_process_of_its_own() {
    property(|random| {
        let count = random.pick(1..=5);
        let run = children(count).run()?;
        run.ends_well()?;
        run.creates_processes(count)?;
        let said = run.events().filter(|event| event.who != "main");
        run.check(said.named("start").number(count))?;
        run.check(said.each_says(&["start", "send"]))?;
        let returned = run.events().named("lists").len();
        let claim =
            format!("`gather` should return in the parent alone, it returned {returned} times");
        run.check(Finding::wrong(claim).unless(returned == 1))?;
        let run = children(0).run()?;
        got(&run, &[], "without a child there is no list")?;
        run.creates_processes(0)?;
        let run = program!().arg("gone", 1).run()?;
        let claim = "the parent was killed while its child worked; nobody reads the child's list, \
                     and the child came back from `gather`, and went on with the caller's program";
        let returned = run.events().of("child-1").named("returns").len();
        run.check(Finding::wrong(claim).unless(returned == 0))?;
        // It may wait for its parent for ever; that is nobody's loss.
        if run.deadlocked() { Ok(()) } else { run.ends_well() }
    });
}

#[test]
fn every_child_is_waited_for() {
    property(|random| {
        let run = children(random.pick(1..=5)).arg("other", 77).run()?;
        run.ends_well()?;
        run.leaves_nothing_behind()?;
        let other: String = run.check(run.events().of("main").value("other"))?;
        let claim = "the caller has a child of its own before `gather` and another after it, and \
                     could not wait for both of them";
        run.check(Finding::wrong(claim).unless(other == "left"))?;
        // When the system refuses the next pipe, some children sleep at their full ones.
        let (count, length) = (12, random.pick(12_000..=16_000));
        let run = children(count).arg("length", length).arg("scarce", random.pick(5..=9)).run()?;
        if run.events().of("main").named("error").is_empty() {
            let lists: Vec<_> = (1..=count).map(|number| format!("[{length}x{number}]")).collect();
            got(&run, &lists, "no error was returned, so there is a list of each child")?;
        }
        run.ends_well()?;
        run.leaves_nothing_behind()
    });
}

#[test]
fn the_whole_story_of_five_children() {
    property(|_| {
        let run = children(5).run()?;
        run.ends_well()?;
        run.check(kit::snapshot!("five_children", run.events()))
    });
}
