//! What the queue promises, seen in real runs. `explored.rs` looks at every schedule.

use std::time::Duration;

use kit::{Checked, Events, Finding, Program, program, property};

fn program(producers: usize, items: usize, consumers: usize, maxsize: i64) -> Program {
    let program = program!().arg("producers", producers).arg("items", items);
    program.arg("consumers", consumers).arg("maxsize", maxsize)
}

/// The numbers of the items of one `producer` in the order in which `who` took them.
fn taken(events: &Events, who: &str, producer: usize) -> Vec<usize> {
    let events = events.of(who).named("got");
    let items = events.iter().filter_map(|event| event.value("got")?.split_once('.'));
    let of_producer = items.filter(|(from, _)| *from == producer.to_string());
    of_producer.filter_map(|(_, number)| number.parse().ok()).collect()
}

#[test]
fn a_full_queue_lets_nobody_in() {
    property(|random| {
        let (producers, maxsize) = (random.pick(1..=3), random.pick(1..=5));
        let items = maxsize + random.pick(1..=3);
        // Nobody takes anything out: a right program stands still, with the queue full.
        let program = program(producers, items, 0, maxsize as i64);
        let program = program.using(Duration::from_millis(500));
        let run = program.meant_to_hang().run()?;
        let put = run.events().named("put").len();
        let claim = format!("a queue of {maxsize} should take {maxsize} items, it took {put}");
        run.check(Finding::wrong(claim).unless(put == maxsize))?;
        run.stands_still()
    });
}

#[test]
fn whoever_finds_nothing_sleeps() {
    property(|random| {
        let (items, consumers) = (random.pick(1..=5), random.pick(3..=5));
        // With a bound, without, and where nothing is ever put in.
        for (maxsize, items) in [(1, items), (0, items), (1, 0)] {
            // All consumers sleep before the first item comes, so that one of them is woken for
            // nothing if more are woken than the news helps. Each asks for one item more than there
            // are, and main joins though nothing is ever done: a right program stands still.
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
fn a_queue_without_a_bound_takes_everything() {
    property(|random| {
        let (items, maxsize) = (random.pick(1100..=1300), -(random.pick(0..=3) as i64));
        let run = program(1, items, 0, maxsize).run()?;
        run.ends_well()?;
        let left: usize = run.check(run.events().of("main").named("end").value("left"))?;
        let claim = format!("with maxsize {maxsize}, {items} items should be inside, {left} are");
        run.check(Finding::wrong(claim).unless(left == items))
    });
}

#[test]
fn one_consumer_gets_each_producers_items_in_order() {
    property(|random| {
        let (producers, items) = (random.pick(1..=3), random.pick(5..=20));
        let run = program(producers, items, 1, random.pick(1..=4) as i64).run()?;
        run.ends_well()?;
        for producer in 1..=producers {
            in_order(&run.events(), producer, items).map_err(|finding| run.found(finding))?;
        }
        Ok(())
    });
}

fn in_order(events: &Events, producer: usize, items: usize) -> Checked {
    let got = taken(events, "consumer-1", producer);
    let claim = format!("{items} items of producer {producer} should come out in order: {got:?}");
    Finding::wrong(claim).unless(got.iter().copied().eq(0..items))
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
        run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))?;
        let left: usize = run.check(run.events().named("joined").value("left"))?;
        run.check(Finding::wrong("nothing is left after the join").unless(left == 0))
    });
}
