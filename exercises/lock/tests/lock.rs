//! What a lock promises, seen in real runs. `explored.rs` looks at every schedule.

use std::time::Duration;

use kit::{Checked, Finding, Run, program, property};

fn run(threads: usize, rounds: usize, panics: usize) -> Checked<Run> {
    program!().arg("threads", threads).arg("rounds", rounds).arg("panics", panics).run()
}

/// Passes if the event of main with `key=` says `expected`.
fn main_says(run: &Run, key: &str, expected: i64, claim: &str) -> Checked {
    let seen: i64 = run.check(run.events().of("main").value(key))?;
    let claim = format!("{claim}: expected {key}={expected}, saw {key}={seen}");
    run.check(Finding::wrong(claim).unless(seen == expected))
}

#[test]
fn what_is_changed_and_changed_back_is_zero() {
    property(|random| {
        let run = run(random.pick(2..=8), random.pick(1..=2000), 0)?;
        run.ends_well()?;
        main_says(&run, "balance", 0, "every change was changed back")
    });
}

#[test]
fn no_update_of_the_twins_is_lost() {
    property(|random| {
        let (threads, rounds) = (random.pick(2..=6), random.pick(1..=2000));
        let run = run(threads, rounds, 0)?;
        run.ends_well()?;
        let total = (threads * rounds) as i64;
        main_says(&run, "left", total, "each of the updates adds 1")?;
        main_says(&run, "right", total, "each of the updates adds 1")
    });
}

#[test]
fn the_reader_never_sees_the_twins_differ() {
    property(|random| {
        let run = run(random.pick(1..=4), random.pick(1000..=4000), 0)?;
        run.ends_well()?;
        main_says(&run, "different", 0, "the twins are equal whenever anybody looks")
    });
}

#[test]
fn the_threads_are_really_started() {
    property(|random| {
        for threads in [0, random.pick(1..=8), 40] {
            let run = run(threads, 10, 0)?;
            run.ends_well()?;
            // The driver itself starts as many again, and a reader.
            let created = run.threads_created()?;
            let claim = format!(
                "{threads} threads were asked for, {} started",
                created.saturating_sub(threads + 1)
            );
            run.check(Finding::wrong(claim).unless(created == 2 * threads + 1))?;
        }
        Ok(())
    });
}

#[test]
fn whoever_finds_the_twins_in_use_sleeps() {
    property(|_| {
        // The first update never ends: a right program stands still.
        let program = program!().arg("held", 1).using(Duration::from_millis(500));
        let run = program.meant_to_hang().run()?;
        run.stands_still()?;
        run.check(run.events().of("first").named("inside").number(1))
    });
}

#[test]
fn a_panic_inside_comes_out_and_leaves_the_lock_usable() {
    property(|random| {
        let panics = random.pick(1..=3);
        let run = run(2, 50, panics)?;
        run.ends_well()?;
        let caught = run.events().named("caught").len();
        let claim = format!("{panics} panics should come out of update, {caught} did");
        run.check(Finding::wrong(claim).unless(caught == panics))?;
        let kept = run.events().named("changed").is_empty();
        let claim = "a panic that goes through updates of many twins should change none of them";
        run.check(Finding::wrong(claim).unless(kept))?;
        main_says(&run, "left", 100, "the twins count on after the panics")
    });
}
