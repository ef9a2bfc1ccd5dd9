//! What a countdown promises, seen in real runs. `explored.rs` looks at every schedule.

use std::cell::Cell;
use std::time::Duration;

use kit::{Finding, Verdict, program, property};

#[test]
fn every_count_is_told_in_order() {
    let first = Cell::new(true);
    property(|random| {
        // Many, once, and few: while it counts nobody asks for it.
        let from = if first.take() { 300 } else { random.pick(1..=15) };
        let run = program!().arg("from", from).run()?;
        run.ends_well()?;
        let left: Vec<_> = (1..=from).rev().map(|left| format!("left={left}")).collect();
        let left: Vec<_> = left.iter().map(String::as_str).collect();
        let counted = run.events().of("counter");
        run.check(counted.number(from))?;
        run.check(counted.each_says(&left))
    });
}

#[test]
fn it_is_alive_before_its_end_and_not_after() {
    property(|random| {
        let run = program!().arg("from", random.pick(1..=5)).run()?;
        run.ends_well()?;
        for (key, expected) in [("before", true), ("after", false)] {
            let seen: bool = run.check(run.events().of("main").value(key))?;
            let claim = format!("{key} its end is_alive should say {expected}, it said {seen}");
            run.check(Finding::wrong(claim).unless(seen == expected))?;
        }
        Ok(())
    });
}

#[test]
fn the_system_sees_a_thread_for_the_countdown() {
    property(|random| {
        let run = program!().arg("from", random.pick(1..=5)).run()?;
        run.ends_well()?;
        let created = run.threads_created()?;
        let claim = format!("one thread should be created, {created} were");
        run.check(Finding::wrong(claim).unless(created == 1))
    });
}

#[test]
fn whoever_joins_sleeps() {
    property(|random| {
        // The last tick never ends: a right program stands still.
        let program = program!().arg("from", random.pick(1..=3)).arg("forever", 1);
        let run = program.using(Duration::from_millis(500)).meant_to_hang().run()?;
        run.stands_still()?;
        let ticks = run.events().of("counter").len();
        run.check(Finding::wrong("nothing was counted down").unless(ticks > 0))
    });
}

#[test]
fn the_process_ends_although_the_detached_thread_has_not() {
    property(|_| {
        // A right program ends at once; the bound is for those that wait for years.
        let program = program!().arg("from", 3).arg("daemon", 1).within(Duration::from_secs(5));
        let run = program.run()?;
        let waits = run.observation().hang.is_some();
        let claim = "the detached countdown has years to go, and the program waits for it";
        let finding = Finding::new(Verdict::Timeout, claim).seeing(run.events().to_string());
        run.check(finding.unless(!waits))?;
        run.ends_well()?;
        run.check(run.events().of("main").named("detached").number(1))
    });
}
