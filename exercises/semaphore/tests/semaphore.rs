//! What a semaphore promises, whatever the order in which the workers run.

use std::time::Duration;

use kit::{Checked, Finding, Random, Run, Verdict, program, property};

/// Five workers and three permits, or other sizes with more workers than permits.
fn sizes(random: &mut Random) -> (usize, usize) {
    if random.pick(0..=3) == 0 {
        return (5, 3);
    }
    let permits = random.pick(2..=4);
    (permits + random.pick(1..=3), permits)
}

fn run(workers: usize, permits: usize, meet: usize) -> Checked<Run> {
    program!().arg("workers", workers).arg("permits", permits).arg("meet", meet).run()
}

/// A run in which one more worker than there are permits waits for the others inside.
///
/// A right program stands still. One that spins instead shows it in half a second of
/// processor time, a hundred times what the right one needs.
fn overfilled(workers: usize, permits: usize) -> Checked<Run> {
    let program = program!().arg("workers", workers).arg("permits", permits);
    program.arg("meet", permits + 1).using(Duration::from_millis(500)).meant_to_hang().run()
}

#[test]
fn every_worker_gets_its_turn() {
    property(|random| {
        let (workers, permits) = sizes(random);
        let run = run(workers, permits, 1)?;
        run.ends_well()?;
        run.creates_processes(workers)?;
        let said = run.events().filter(|event| event.who != "main");
        run.check(said.named("done").number(workers))?;
        run.check(said.each_says(&["enter", "leave", "done"]))
    });
}

#[test]
fn never_more_inside_than_permits() {
    property(|random| {
        let (workers, permits) = sizes(random);
        // A meeting of one more than there are permits must never come about:
        // the program stands still with all permits taken.
        let run = overfilled(workers, permits)?;
        let overlap = run.events().overlap("enter", "leave");
        run.check(overlap.at_most(permits))?;
        if run.observation().hang.is_none() {
            run.ends_well()?;
            let claim = format!("{} met inside, with only {permits} permits", permits + 1);
            return Err(run.found(Finding::wrong(claim)));
        }
        let claim = "nobody ever got inside, though all permits were free";
        let somebody = !run.deadlocked() || overlap.peak() > 0;
        run.check(Finding::new(Verdict::Deadlock, claim).unless(somebody))
    });
}

#[test]
fn all_permits_are_used_at_once() {
    property(|random| {
        let (workers, permits) = sizes(random);
        let run = run(workers, permits, permits)?;
        // Not who is inside at the end: a permit that nobody gives back is no lack of permits.
        let inside = run.events().overlap("enter", "leave").peak();
        if run.deadlocked() && inside < permits {
            let claim = format!(
                "with {permits} permits, {permits} workers should be inside at once; \
                 {inside} got in and waited for the others"
            );
            let finding = Finding::new(Verdict::Serialised, claim);
            return Err(run.found(finding.seeing(run.events().to_string())));
        }
        run.ends_well()
    });
}

#[test]
fn waiting_workers_sleep() {
    property(|random| {
        let (workers, permits) = sizes(random);
        let run = overfilled(workers, permits)?;
        if run.observation().hang.is_none() {
            run.ends_well()?;
            let claim =
                format!("with all {permits} permits taken the others should wait; nobody did");
            return Err(run.found(Finding::wrong(claim)));
        }
        let claim = "nobody ever got inside, though all permits were free";
        let inside = run.events().overlap("enter", "leave").peak();
        run.check(Finding::new(Verdict::Deadlock, claim).unless(inside > 0))?;
        let claim = "workers without a permit keep the processor busy; they should sleep";
        let asleep = run.processor_time()? < Duration::from_millis(250);
        run.check(Finding::new(Verdict::Livelock, claim).unless(asleep))?;
        // Not even now and then does one wake up to ask, nor to give up.
        run.stands_still()?;
        let run = program!().arg("permits", 1).arg("signal", 1).run()?;
        let gave_up = run.events().named("failed:");
        let claim = "a signal was handled while a worker waited, and `acquire` gave up";
        let finding = Finding::wrong(claim).seeing(run.events().to_string());
        run.check(finding.unless(gave_up.is_empty()))?;
        let value = |when| run.events().named(when).value("value");
        let claim = "a worker waits, and the signals that come meanwhile are not handled: main waits \
                     for its handler";
        let blocked = run.deadlocked() && run.events().named("handled").is_empty();
        run.check(Finding::new(Verdict::Deadlock, claim).unless(!blocked))?;
        let claim = "two workers waited, and one handled signals; a permit came, and none of the two \
                     went on";
        let handled = !run.events().named("handled").is_empty();
        let stuck = run.deadlocked() && handled && run.events().named("end").is_empty();
        run.check(Finding::new(Verdict::Deadlock, claim).unless(!stuck))?;
        let claim = "two workers waited, and one handled signals; each got a permit, and then one \
                     more came: the values should be 0 and 1";
        let finding = Finding::wrong(claim).seeing(run.events().to_string());
        let waited = run.events().value("signals") == Ok(20);
        let lost = waited && value("end") == Ok(0) && value("one-more") == Ok(0);
        let wrong = value("start") == Ok(1) && (value("end").is_ok_and(|end| end > 0) || lost);
        run.check(finding.unless(!wrong))?;
        // And no permit comes: it sleeps after a signal as it did before.
        let program = program!().arg("permits", 0).arg("signal", 2);
        let run = program.using(Duration::from_millis(500)).meant_to_hang().run()?;
        if run.observation().hang.is_none() {
            // Whether there are no permits at first is another test's.
            return Ok(());
        }
        let claim = "a signal was handled while a worker waited, and since then it keeps the \
                     processor busy";
        run.check(Finding::new(Verdict::Livelock, claim).unless(!run.spun()))?;
        run.stands_still()
    });
}

/// One more than a byte can count; not many more fit, a byte for each, into a socket.
const MOST: usize = 256;

#[test]
fn every_permit_comes_back() {
    property(|random| {
        let (workers, permits) = sizes(random);
        let run = run(workers, permits, 1)?;
        run.ends_well()?;
        let end: usize = run.check(run.events().named("end").value("value"))?;
        let claim = format!("after the last release the value should be {permits}, it is {end}");
        run.check(Finding::wrong(claim).unless(end == permits))?;
        // Nobody comes, and there are none, or many.
        for permits in [0, random.pick(5..=40), MOST] {
            let run = self::run(0, permits, 1)?;
            run.ends_well()?;
            let start: usize = run.check(run.events().named("start").value("value"))?;
            let claim =
                format!("a new semaphore with {permits} permits should say so, not {start}");
            run.check(Finding::wrong(claim).unless(start == permits))?;
        }
        looking_takes_none(MOST)?;
        nobody_owns_a_permit(permits)
    });
}

/// Passes if two processes that only look always see all the permits.
fn looking_takes_none(permits: usize) -> Checked {
    let run = program!().arg("permits", permits).arg("look", 100).run()?;
    run.ends_well()?;
    let seen = run.events().filter(|event| event.is_named("saw"));
    let claim = format!(
        "two processes look at the same time, and nobody takes any of the {permits} permits"
    );
    let all = format!("saw least={permits} most={permits}");
    let right = seen.len() == 2 && seen.iter().all(|event| event.what == all);
    run.check(Finding::wrong(claim).seeing(seen.to_string()).unless(right))
}

fn nobody_owns_a_permit(permits: usize) -> Checked {
    let run = program!().arg("permits", permits).arg("hand-on", 1).run()?;
    // Whether a permit is taken at all, and that there are as many as were asked for, is another
    // test's.
    let taken = run.events().named("taken").value("value");
    if run.deadlocked() && taken.is_err() {
        return Ok(());
    }
    if taken.as_ref().is_ok_and(|&taken: &usize| taken > 0) {
        let run = woken()?;
        let of = |key| run.events().named("woken").value(key);
        let claim = "four waited and were woken by four permits: none should be left";
        let finding = Finding::wrong(claim).seeing(run.stdout());
        return run.check(finding.unless(of("woken") != Ok(4) || of("value") == Ok(0)));
    }
    run.ends_well()?;
    for (when, expected, what) in [
        ("given-back", permits, "main gave back as many permits as a worker took"),
        ("one-more", permits + 1, "main gave one more than there were at first"),
        ("another", 5, "another semaphore was made with 5 permits"),
        ("own", 1, "another process, which was forked before, made one with 1 permit"),
        ("beside", permits + 1, "another semaphore was made, and used"),
    ] {
        let seen: usize = run.check(run.events().named(when).value("value"))?;
        let claim = format!("{what}, so the value should be {expected}, it is {seen}");
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(seen == expected))?;
    }
    all_were_woken(&woken()?)
}

/// A run in which four wait, a fifth brings a permit and asks for one, and four more come.
fn woken() -> Checked<Run> {
    program!().arg("permits", 0).arg("wake", 4).run()
}

fn all_were_woken(run: &Run) -> Checked {
    run.ends_well()?;
    let said = run.events().of("main");
    let of = |when| said.named(when).value::<usize>(when);
    let claim = "there is no permit, and four ask for one: all four should wait";
    let all_wait = of("waiting") == Ok(4);
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(all_wait))?;
    let claim = "four waited; while they were stopped a fifth gave one permit and asked for one: one \
                 of the five should get it, and four be left, who look again and wait";
    let one_got_it = of("left") == Ok(4);
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(one_got_it))?;
    run.check(said.each_says(&[
        "start value=0",
        "waiting=4 value=0",
        "left=4 value=0",
        "woken=4 value=0",
    ]))
}

#[test]
fn a_failing_job_gives_its_permit_back() {
    property(|random| {
        let (workers, permits) = sizes(random);
        let unlucky = random.pick(1..=workers - 1);
        let unlucky = [unlucky, unlucky + 1];
        for way in ["fail", "panic"] {
            let program = program!().arg("workers", workers).arg("permits", permits);
            let run = program.list(way, &unlucky).run()?;
            run.ends_well()?;
            let end: usize = run.check(run.events().named("end").value("value"))?;
            let meanwhile = match way {
                "panic" => ", and while one panic unwound, another permit was held for a moment",
                _ => "",
            };
            let claim = format!(
                "two jobs did {way}{meanwhile}: the value at the end should be {permits}, it is {end}"
            );
            run.check(Finding::wrong(claim).unless(end == permits))?;
            let free = |when| run.events().named(when).value::<usize>("value");
            if let (Ok(calm), Ok(unwinding)) = (free("calm"), free("unwinding")) {
                let claim = format!(
                    "a job that is done while a panic unwinds holds a permit as well: {calm} of \
                     {permits} should be free then, as otherwise, {unwinding} are"
                );
                run.check(Finding::wrong(claim).unless(unwinding == calm))?;
            }
            let end = if way == "fail" { "failed" } else { "panicked" };
            for number in unlucky {
                let said = run.events().of(&format!("worker-{number}"));
                run.check(said.each_says(&["enter", "leave", end]))?;
            }
        }
        Ok(())
    });
}

#[test]
fn nothing_is_left_behind() {
    property(|random| {
        let (workers, permits) = sizes(random);
        let run = run(workers, permits, 1)?;
        run.ends_well()?;
        run.leaves_nothing_behind()?;
        let files = run.leftovers()?;
        let claim = format!("files are still there: {files:?}");
        run.check(Finding::new(Verdict::Leak, claim).unless(files.is_empty()))
    });
}

#[test]
fn the_whole_story_of_three_permits_and_five_workers() {
    property(|_| {
        let run = run(5, 3, 1)?;
        run.ends_well()?;
        run.check(kit::snapshot!("five_workers_three_permits", run.events()))
    });
}
