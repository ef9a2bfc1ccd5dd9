//! What a lock between processes promises, whatever the order in which they run.

use std::cell::Cell;
use std::time::Duration;

use kit::observation::Exit;
use kit::{Checked, Finding, Run, Verdict, program, property};

fn run(processes: usize) -> Checked<Run> {
    program!().arg("processes", processes).run()
}

/// A run in which two processes want to meet inside, which never can be: it stands still.
fn two_inside(processes: usize) -> Checked<Run> {
    let program = program!().arg("processes", processes).arg("meet", 2);
    program.using(Duration::from_millis(500)).meant_to_hang().run()
}

/// Passes if nobody holds the lock at the end.
fn is_free(run: &Run, claim: &str) -> Checked {
    let end: Vec<_> = run.events().named("end").iter().map(|event| event.what.clone()).collect();
    run.check(Finding::wrong(claim).seeing(run.events().to_string()).unless(end == ["end free"]))
}

#[test]
fn each_number_is_printed_once() {
    property(|random| {
        let processes = random.pick(2..=10);
        let run = run(processes)?;
        run.ends_well()?;
        run.creates_processes(processes)?;
        let said = run.events().filter(|event| event.who != "main");
        run.check(said.each_says(&["enter", "leave", "done"]))?;
        let everybody: Vec<_> = (0..processes).map(|number| format!("process-{number}")).collect();
        let seen: Vec<_> = said.per_worker().into_keys().collect();
        let difference = kit::compare_unordered(&everybody, &seen);
        let claim = format!("the numbers from 0 to {} should be printed once each", processes - 1);
        run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
    });
}

#[test]
fn at_most_one_is_inside() {
    let first = Cell::new(true);
    property(|random| {
        let run = two_inside(random.pick(2..=5))?;
        run.check(run.events().overlap("enter", "leave").at_most(1))?;
        if run.observation().hang.is_none() {
            run.ends_well()?;
            return Err(run.found(Finding::wrong("two processes met while each held the lock")));
        }
        let entered = run.events().named("enter").len();
        let claim = format!("one process should be inside, {entered} have been");
        run.check(Finding::new(Verdict::Deadlock, claim).unless(entered == 1))?;
        if first.replace(false) { no_job_without_the_lock() } else { Ok(()) }
    });
}

/// Two processes each hold a lock and ask for the other's, `times` times.
fn crosswise(times: usize) -> Checked<Run> {
    let program = program!().arg("cross", times).using(Duration::from_millis(500));
    program.meant_to_hang().run()
}

/// Passes if two processes that ask for each other's lock never both do their job: who of them has
/// both locks, and whether anybody, depends on what a lock is made of.
fn no_job_without_the_lock() -> Checked {
    let run = crosswise(1)?;
    let claim = "two processes each held one lock and asked for the other's: one of them did its \
                 job without that lock";
    let both = run.events().filter(|event| event.what == "both");
    run.check(Finding::wrong(claim).seeing(run.events().to_string()).unless(both.len() < 2))?;
    let run = crosswise(2)?;
    let claim = "a process was refused a lock (EDEADLK), asked once more, and got in while another \
                 held that lock";
    // Should both have been refused, they met with one lock each.
    let met = !run.events().named("both").is_empty() && !run.events().named("met").is_empty();
    run.check(Finding::wrong(claim).seeing(run.events().to_string()).unless(!met))
}

#[test]
fn waiting_processes_sleep() {
    let first = Cell::new(true);
    property(|random| {
        let run = two_inside(random.pick(2..=5))?;
        if run.observation().hang.is_none() {
            run.ends_well()?;
            let claim = "while one holds the lock the others should wait; nobody did";
            return Err(run.found(Finding::wrong(claim)));
        }
        let claim = "nobody ever got inside, though nobody held the lock";
        let entered = !run.events().named("enter").is_empty();
        run.check(Finding::new(Verdict::Deadlock, claim).unless(entered))?;
        let claim = "processes that wait for the lock keep the processor busy; they should sleep";
        let asleep = run.processor_time()? < Duration::from_millis(250);
        run.check(Finding::new(Verdict::Livelock, claim).unless(asleep))?;
        // Not even now and then does one wake up to ask.
        run.stands_still()?;
        let run = program!().arg("signal", 1).run()?;
        let gave_up = run.events().named("failed:");
        let claim = "a signal was handled while a process waited, and `acquire` gave up";
        let finding = Finding::wrong(claim).seeing(run.events().to_string());
        run.check(finding.unless(gave_up.is_empty()))?;
        let free = run.events().of("main").value("it");
        let claim = "a signal was handled while a process waited, and `acquire` took no lock";
        let finding = Finding::wrong(claim).seeing(run.events().to_string());
        run.check(finding.unless(free != Ok(true)))?;
        if first.replace(false) { nobody_asks_in_vain() } else { Ok(()) }
    });
}

/// Passes if nobody who cannot have a lock asks on and on.
fn nobody_asks_in_vain() -> Checked {
    let run = crosswise(1)?;
    let claim = "two processes each hold one lock and ask for the other's, and this keeps the \
                 processor busy: a call that fails, but not with EINTR, is not to be made again";
    run.check(Finding::new(Verdict::Livelock, claim).unless(!run.spun()))
}

#[test]
fn a_lock_that_is_taken_can_be_tried() {
    property(|_| {
        let run = program!().arg("try", 1).run()?;
        run.ends_well()?;
        let other = run.events().of("other");
        let dropped: bool = run.check(other.value("dropped"))?;
        let claim = "a process that holds a lock dropped another one, and lost the first with it";
        run.check(Finding::wrong(claim).unless(!dropped || other.value("taken") != Ok(false)))?;
        for (key, expected) in [("taken", false), ("free", true)] {
            let got: bool = run.check(other.value(key))?;
            let claim = format!("`try_acquire` says {got} while the lock is {key}");
            run.check(Finding::wrong(claim).unless(got == expected))?;
        }
        let twice: bool = run.check(run.events().of("main").value("tried"))?;
        let claim = "`try_acquire` said true in two processes, and none of them had let go";
        run.check(Finding::wrong(claim).unless(!twice))?;
        let another: bool = run.check(other.value("another"))?;
        let claim = "one lock is taken, and another lock cannot be: each is a lock of its own";
        run.check(Finding::wrong(claim).unless(another))?;
        let own: bool = run.check(other.value("own"))?;
        let claim = "two processes each made a lock, and one took its own: the other cannot take \
                     its own any more";
        run.check(Finding::wrong(claim).unless(own))?;
        run.check(other.named("once").number(1))?;
        run.check(other.named("done").number(1))
    });
}

#[test]
fn a_failing_job_gives_the_lock_back() {
    property(|random| {
        let processes = random.pick(2..=5);
        for way in ["fail", "panic"] {
            let unlucky = random.pick(0..=processes - 1);
            let run = program!().arg("processes", processes).arg(way, unlucky).run()?;
            run.ends_well()?;
            let end = if way == "fail" { "failed" } else { "panicked" };
            let said = run.events().of(&format!("process-{unlucky}"));
            run.check(said.each_says(&["enter", "leave", end]))?;
            is_free(
                &run,
                &format!("the job of process-{unlucky} did {way}, and the lock is still held"),
            )?;
        }
        Ok(())
    });
}

#[test]
fn a_holder_that_dies_does_not_block_the_rest() {
    const SIGKILL: i32 = 9;
    property(|random| {
        let processes = random.pick(2..=5);
        let run = program!().arg("processes", processes).arg("die", random.pick(0..=processes - 1));
        let run = run.run()?;
        run.ends_well()?;
        let died = run.processes()?.filter(|process| process.exit == Some(Exit::Signal(SIGKILL)));
        let claim = format!("one process should die by SIGKILL, {} did", died.len());
        run.check(Finding::wrong(claim).unless(died.len() == 1))?;
        run.check(run.events().named("done").number(processes - 1))?;
        is_free(&run, "the holder is dead, and the lock is still held")?;
        nobody_has_to_wait_for_that()?;
        the_maker_is_nobody_special()
    });
}

/// Passes if the lock is as good as before when its holder ends while nobody waits.
fn nobody_has_to_wait_for_that() -> Checked {
    let run = program!().arg("left", 1).run()?;
    run.ends_well()?;
    let free: bool = run.check(run.events().of("fourth").value("free"))?;
    run.check(Finding::wrong("the holder has ended, and the lock is not free").unless(free))?;
    let done = ["second", "fourth", "last"].map(|who| run.events().of(who).named("done").len());
    let claim = "a holder has ended, and the lock cannot be used any more";
    run.check(Finding::wrong(claim).seeing(run.events().to_string()).unless(done == [1, 1, 1]))
}

/// Passes if those who wait get through, one at a time, when the process that made the lock is
/// killed inside, and one of those who wait before it.
fn the_maker_is_nobody_special() -> Checked {
    let run = program!().arg("maker", 1).run()?;
    let events = run.events();
    // Whether a lock keeps anybody out is another test's.
    if !events.of("first").named("enter").is_empty() {
        return Ok(());
    }
    let inside = events.overlap("enter", "leave").peak();
    let claim =
        "one process is inside and others wait; one of these is killed, and another gets in";
    run.check(Finding::wrong(claim).seeing(events.to_string()).unless(inside < 2))?;
    let entered = !events.of("maker").named("enter").is_empty();
    let claim = "a process made a lock, a child of it has dropped that, and then the process cannot \
                 take it any more";
    let failed = !entered && !events.of("maker").is_empty();
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(!failed))?;
    run.ends_well()?;
    for who in ["second", "third"] {
        let said = events.of(who);
        let claim = format!(
            "the process that made the lock, and has used it, is killed inside; {who} waits, and \
             should get in, twice"
        );
        let right = said.iter().map(|event| event.what.as_str());
        let right = right.eq(["enter", "leave", "enter", "leave", "done"]);
        run.check(Finding::wrong(claim).seeing(events.to_string()).unless(right))?;
    }
    Ok(())
}

#[test]
fn nothing_is_left_behind() {
    property(|random| {
        let run = run(random.pick(1..=5))?;
        run.ends_well()?;
        run.leaves_nothing_behind()?;
        let files = run.leftovers()?;
        let claim = format!("files of the lock are still there: {files:?}");
        run.check(Finding::new(Verdict::Leak, claim).unless(files.is_empty()))
    });
}

#[test]
fn the_whole_story_of_ten_processes() {
    property(|_| {
        let run = run(10)?;
        run.ends_well()?;
        run.check(kit::snapshot!("ten_processes", run.events()))
    });
}
