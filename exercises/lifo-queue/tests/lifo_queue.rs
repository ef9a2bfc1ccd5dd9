//! What the stack promises, seen in real runs. `explored.rs` looks at every schedule.

use std::time::Duration;

use kit::{Finding, Program, program, property};

fn program(producers: usize, items: usize, consumers: usize, maxsize: i64) -> Program {
    let program = program!().arg("producers", producers).arg("items", items);
    program.arg("consumers", consumers).arg("maxsize", maxsize)
}

#[test]
fn what_went_in_comes_out_backwards() {
    property(|random| {
        let (items, maxsize) = (random.pick(200..=400), -(random.pick(0..=3) as i64));
        // Nobody takes anything off before all is in: then the main thread does.
        let run = program(1, items, 0, maxsize).run()?;
        run.ends_well()?;
        let backwards = (0..items).rev().map(|number| format!("left=1.{number}"));
        let backwards: Vec<_> =
            [format!("end left={items}")].into_iter().chain(backwards).collect();
        let backwards: Vec<_> = backwards.iter().map(String::as_str).collect();
        run.check(run.events().of("main").each_says(&backwards))
    });
}

#[test]
fn a_full_stack_lets_nobody_in() {
    property(|random| {
        let (producers, maxsize) = (random.pick(1..=3), random.pick(1..=5));
        let items = maxsize + random.pick(1..=3);
        // Nobody takes anything off: a right program stands still, with the stack full.
        let program = program(producers, items, 0, maxsize as i64);
        let program = program.using(Duration::from_millis(500));
        let run = program.meant_to_hang().run()?;
        let put = run.events().named("put").len();
        let claim = format!("a stack of {maxsize} should take {maxsize} items, it took {put}");
        run.check(Finding::wrong(claim).unless(put == maxsize))?;
        run.stands_still()
    });
}

#[test]
fn whoever_finds_nothing_sleeps() {
    property(|random| {
        let (items, consumers) = (random.pick(1..=5), random.pick(1..=4));
        // With a bound, without, and where nothing is ever put in.
        for (maxsize, items) in [(1, items), (0, items), (1, 0)] {
            // Every consumer asks for one item more than there are: a right program stands still.
            let program = program(1, items, consumers, maxsize).arg("more", 1);
            let run = program.using(Duration::from_millis(500)).meant_to_hang().run()?;
            run.stands_still()?;
            // Who sleeps before there is nothing left has found something.
            let got = !run.events().named("got").is_empty() || items == 0;
            run.check(Finding::wrong("what was put in should come out first").unless(got))?;
        }
        Ok(())
    });
}

#[test]
fn nothing_is_lost_or_doubled() {
    property(|random| {
        let (producers, consumers) = (random.pick(2..=4), random.pick(2..=4));
        let items = random.pick(5..=30);
        let run = program(producers, items, consumers, random.pick(1..=4) as i64).run()?;
        run.ends_well()?;
        let (put, got) = (run.events().values("put"), run.events().values("got"));
        let difference = kit::compare_unordered(&put, &got);
        let claim = "every item should come out once";
        run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
    });
}
