//! What a queue between processes promises, whoever is the first to put or to get.

use std::cell::Cell;
use std::time::Duration;

use kit::observation::{Exit, HangKind};
use kit::{Checked, Finding, Program, Random, Run, Verdict, program, property};

fn act(act: &str) -> Program {
    program!().arg("act", act)
}

/// Three to five different words.
fn words(random: &mut Random) -> Vec<String> {
    let first = random.pick(0..=20) as u8;
    (0..random.pick(3..=5) as u8).map(|next| char::from(b'A' + first + next).to_string()).collect()
}

/// A run with several writers and readers, of whom each writer puts `each` items.
struct Many {
    run: Run,
    writers: usize,
    each: usize,
}

impl Many {
    fn run(random: &mut Random) -> Checked<Self> {
        let (writers, each) = (random.pick(2..=3), random.pick(20..=40));
        let program = act("many").arg("writers", writers).arg("readers", random.pick(2..=3));
        let run = program.arg("each", each).arg("capacity", random.pick(1..=10)).run()?;
        run.ends_well()?;
        Ok(Self { run, writers, each })
    }

    /// As the driver pads them to different lengths.
    fn items(&self) -> Vec<String> {
        let of = |writer| {
            (0..self.each).map(move |number| {
                format!("got {writer}.{number}.{}", "x".repeat((writer * 13 + number * 7) % 60))
            })
        };
        (1..=self.writers).flat_map(of).collect()
    }
}

#[test]
fn words_arrive_in_the_order_in_which_they_were_put() {
    property(|random| {
        let words = words(random);
        let capacity = random.pick(1..=6);
        let run = act("words").arg("capacity", capacity).list("words", &words).run()?;
        run.ends_well()?;
        let got: Vec<_> = words.iter().map(|word| format!("got {word}")).collect();
        let seen = run.events().of("reader-1").named("got");
        let seen: Vec<_> = seen.iter().map(|event| event.what.clone()).collect();
        let difference = kit::compare(&got.join("\n"), &seen.join("\n"));
        let claim = "what is put first should come out first";
        run.check(Finding::wrong(claim).seeing(difference).unless(got == seen))?;
        // More items than a byte can count, with others before and behind them.
        let run = act("row").arg("capacity", random.pick(2..=10)).run()?;
        run.ends_well()?;
        run.check(run.events().each_says(&["all in their order"]))
    });
}

#[test]
fn each_writers_items_keep_their_order() {
    property(|random| {
        let many = Many::run(random)?;
        for (reader, said) in many.run.events().named("got").per_worker() {
            for writer in 1..=many.writers {
                let start = format!("got {writer}.");
                let numbers =
                    said.iter().filter_map(|what| what.strip_prefix(&start)?.split('.').next());
                let numbers: Vec<_> = numbers.map(|number| number.parse().unwrap_or(0)).collect();
                let claim =
                    format!("{reader} should get the items of writer {writer} in their order");
                let sorted = numbers.is_sorted_by(|one: &usize, next| one < next);
                let finding = Finding::wrong(claim).seeing(format!("{numbers:?}"));
                many.run.check(finding.unless(sorted))?;
            }
        }
        Ok(())
    });
}

#[test]
fn nothing_is_lost_or_doubled_or_mixed() {
    property(|random| {
        let many = Many::run(random)?;
        let seen = many.run.events().named("got");
        let seen: Vec<_> = seen.iter().map(|event| event.what.clone()).collect();
        let difference = kit::compare_unordered(&many.items(), &seen);
        let claim = format!("{} writers put {} items each", many.writers, many.each);
        many.run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))?;
        let events = many.run.events();
        let early = events.iter().take_while(|event| !event.is_named("closes"));
        let early: Vec<_> = early.filter(|event| event.is_named("end")).collect();
        let claim = "a reader was told of the end before the queue was closed";
        many.run.check(Finding::wrong(claim).unless(early.is_empty()))
    });
}

#[test]
fn items_may_hold_any_bytes() {
    property(|random| {
        let capacity = random.pick(1..=10);
        let run = act("bytes").arg("capacity", capacity).run()?;
        run.ends_well()?;
        run.check(run.events().of("reader").each_says(&["equal"; 6]))?;
        let claim = "an item with more than LARGEST bytes should be refused";
        let refused = run.events().of("main").filter(|event| event.what.ends_with("refused"));
        run.check(Finding::wrong(claim).unless(refused.len() == 1))?;
        let seen: usize = run.check(run.events().of("main").value("count"))?;
        let claim = "an item that was refused should take no place";
        run.check(Finding::wrong(claim).unless(seen == capacity))?;
        let refused: bool = run.check(run.events().of("main").value("full"))?;
        let claim = "an item with more than LARGEST bytes was accepted by a full queue";
        run.check(Finding::wrong(claim).unless(refused))
    });
}

/// Passes if trying takes no time although somebody sleeps in the queue at that moment.
fn trying_beside_a_sleeper(random: &mut Random) -> Checked {
    let capacity = random.pick(1..=10);
    let run = act("beside").arg("capacity", capacity).run()?;
    let tried = run.events().of("main");
    if run.deadlocked() && tried.named("reader").is_empty() {
        let claim = "while a reader sleeps in `get`, `try_get` and `count` should answer at once";
        return Err(run.found(Finding::new(Verdict::Deadlock, claim)));
    }
    run.ends_well()?;
    let full = format!("writer sleeps again=false count={capacity}");
    run.check(tried.each_says(&["reader sleeps none=true count=0", &full, "other=1"]))
}

#[test]
fn an_empty_queue_gives_nothing_at_once() {
    property(|random| {
        let run = act("try").arg("capacity", random.pick(1..=10)).run()?;
        run.ends_well()?;
        run.check(run.events().of("child").named("took").each_says(&["took=none"]))?;
        let taken = run.events().of("main").named("took");
        let claim = "an empty queue should give none, at first and after the last item";
        let said: Vec<_> = taken.iter().map(|event| event.what.as_str()).collect();
        let right = said.len() > 1 && said[0] == "took=none" && said.ends_with(&["took=none"]);
        run.check(Finding::wrong(claim).seeing(taken.to_string()).unless(right))?;
        let run = act("hurry").arg("capacity", 10).run()?;
        run.ends_well()?;
        let claim = "a queue that is half full has an item and room for those who try, whoever \
                     else is at it";
        let right = run.events().filter(|event| event.what == "none=0 full=0").len() == 2;
        run.check(Finding::wrong(claim).seeing(run.events().to_string()).unless(right))
    });
}

#[test]
fn a_full_queue_takes_nothing_more() {
    property(|random| {
        trying_beside_a_sleeper(random)?;
        let capacity = random.pick(1..=10);
        let run = act("try").arg("capacity", capacity).run()?;
        run.ends_well()?;
        let main = run.events().of("main");
        for key in ["accepted", "count"] {
            let seen: usize = run.check(main.value(key))?;
            let claim =
                format!("a queue of {capacity} should say {key}={capacity}, it says {seen}");
            run.check(Finding::wrong(claim).unless(seen == capacity))?;
        }
        let again: bool = run.check(run.events().of("child").value("again"))?;
        run.check(Finding::wrong("one more item was accepted").unless(!again))
    });
}

/// A run that should stand still, and a bound on processor time that tells it from one that spins.
fn standing_still(program: Program) -> Checked<Run> {
    let run = program.using(Duration::from_millis(500)).meant_to_hang().run()?;
    if run.observation().hang.is_none() {
        run.ends_well()?;
        let claim = "somebody should wait for a place or for an item, and nobody does";
        return Err(run.found(Finding::wrong(claim).seeing(run.events().to_string())));
    }
    Ok(run)
}

#[test]
fn a_writer_waits_while_the_queue_is_full() {
    property(|random| {
        let capacity = random.pick(1..=10);
        let run = standing_still(act("full").arg("capacity", capacity))?;
        let put = run.events().named("put").len();
        let claim = format!("a queue of {capacity} should hold {capacity} items, it holds {put}");
        run.check(Finding::wrong(claim).unless(put == capacity))
    });
}

/// Times that a process falls asleep before it waits for ever: several times what that takes.
const SELDOM: u64 = 60;

/// Passes if nobody uses the processor, nor wakes up to ask. There are ways of sleeping that the
/// observer cannot prove to last for ever.
fn asleep(run: &Run) -> Checked {
    if !run.hung(HangKind::Timeout) {
        return run.stands_still();
    }
    let processes = run.processes()?;
    let used = processes.iter().filter_map(|process| process.resources);
    let most = used.map(|used| used.voluntary_switches).max().unwrap_or(0);
    let claim = format!("somebody who waits wakes up by the clock to ask: it slept {most} times");
    run.check(Finding::new(Verdict::Timeout, claim).unless(most < SELDOM))
}

#[test]
fn whoever_waits_sleeps() {
    const MANY: usize = 66;
    let many = Cell::new(true);
    property(|random| {
        let within = |act: Program| act.within(Duration::from_secs(2));
        let full = standing_still(within(act("full")))?;
        asleep(&full)?;
        let claim = "a writer should sleep because the queue is full, and nothing was put";
        full.check(Finding::wrong(claim).unless(!full.events().named("put").is_empty()))?;
        asleep(&standing_still(within(act("empty").arg("readers", random.pick(1..=3))))?)?;
        // Once there are more than anybody would count on.
        everybody_who_sleeps_is_woken(if many.replace(false) { MANY } else { 10 })
    });
}

/// Passes if as many items as readers sleep wake them all, and as many free places all writers.
fn everybody_who_sleeps_is_woken(sleepers: usize) -> Checked {
    let capacity = 10;
    let run = act("in-turn").arg("capacity", capacity).arg("readers", sleepers).run()?;
    let failed = run.events().named("failed:");
    let claim = format!(
        "{sleepers} readers, or writers, sleep, and each handles a signal: all should go on waiting, \
         {} failed",
        failed.len()
    );
    let first = failed.iter().next().map(|event| event.to_string()).unwrap_or_default();
    run.check(Finding::wrong(claim).seeing(first).unless(failed.is_empty()))?;
    run.ends_well()?;
    let all = format!("every writer put one, left={capacity}");
    run.check(run.events().of("main").each_says(&["every reader has one, left=0", &all]))
}

#[test]
fn every_reader_is_told_of_the_end() {
    property(|random| {
        let readers = random.pick(2..=4);
        let words = words(random);
        let run = act("words").arg("readers", readers).list("words", &words).run()?;
        run.ends_well()?;
        run.check(run.events().named("end").number(readers))?;
        let late: String = run.check(run.events().value("late"))?;
        run.check(Finding::wrong("an item was put after the end").unless(late == "refused"))?;
        the_rest_is_taken_after_the_end(random)?;
        let run = act("last").run()?;
        run.ends_well()?;
        let (got, ends) = (run.events().named("got").len(), run.events().named("end").len());
        let claim = format!(
            "a reader sleeps, an item is put and the queue is closed at once, 10 times: the reader \
             should get the item and then the end, it got {got} items and {ends} ends"
        );
        run.check(Finding::wrong(claim).unless((got, ends) == (10, 10)))
    });
}

/// Passes if what is left is taken in its order, and then nothing, for ever.
fn the_rest_is_taken_after_the_end(random: &mut Random) -> Checked {
    let puts = random.pick(3..=6);
    let run = act("leave").arg("puts", puts).arg("capacity", puts).run()?;
    run.ends_well()?;
    let number = |place: usize| format!("took={place}");
    let rest = (1..puts).map(number).chain(vec!["took=none".to_owned(); 4]);
    for (who, expected) in [("child", vec![number(0)]), ("main", rest.collect())] {
        let taken = run.events().of(who).named("took");
        let seen: Vec<_> = taken.iter().map(|event| event.what.clone()).collect();
        let claim = format!(
            "{puts} items, put by several processes one after the other, were left when the queue \
             was closed: {who} should get them in their order, and then none, however often it asks"
        );
        let difference = kit::compare(&expected.join("\n"), &seen.join("\n"));
        run.check(Finding::wrong(claim).seeing(difference).unless(seen == expected))?;
    }
    let main = run.events().of("main");
    let late = run.events().named("late");
    let accepted = late.filter(|event| event.value("refused") != Some("true"));
    let claim = "an item was put after the end, by the process that closed the queue or by another";
    let right = late.len() == 5 && accepted.is_empty();
    run.check(Finding::wrong(claim).seeing(late.to_string()).unless(right))?;
    for (when, expected) in [("count", puts), ("at", 0)] {
        let seen: usize = run.check(main.named(when).value("count"))?;
        let claim = format!("{expected} items are left behind the end, not {seen}");
        run.check(Finding::wrong(claim).unless(seen == expected))?;
    }
    Ok(())
}

#[test]
fn what_is_left_is_what_was_put_and_not_taken() {
    property(|random| {
        let (takes, left) = (random.pick(1..=4), random.pick(0..=3));
        let program = act("sums").arg("puts", takes + left).arg("takes", takes);
        let run = program.arg("capacity", random.pick(3..=8)).run()?;
        run.ends_well()?;
        run.check(run.events().of("reader").each_says(&vec!["sum=12"; takes]))?;
        run.check(run.events().of("reader").number(takes))?;
        let seen: usize = run.check(run.events().of("main").value("left"))?;
        let claim =
            format!("{} put, {takes} taken: {left} should be left, not {seen}", takes + left);
        run.check(Finding::wrong(claim).unless(seen == left))
    });
}

#[test]
fn an_endless_reader_can_be_terminated() {
    const SIGTERM: i32 = 15;
    property(|random| {
        let words = words(random);
        let run = act("terminate").list("words", &words).run()?;
        run.ends_well()?;
        run.check(run.events().named("got").number(words.len()))?;
        let main = run.events().of("main");
        run.ends_as(run.check(main.value("pid"))?, Exit::Signal(SIGTERM))?;
        run.check(main.named("others").number(1))?;
        run.leaves_nothing_behind()
    });
}

#[test]
fn nothing_is_left_behind() {
    property(|random| {
        let run = act("words").arg("readers", random.pick(1..=3)).run()?;
        run.ends_well()?;
        run.leaves_nothing_behind()?;
        let files = run.leftovers()?;
        let claim = format!("files are still there: {files:?}");
        run.check(Finding::new(Verdict::Leak, claim).unless(files.is_empty()))
    });
}

#[test]
fn the_whole_story_of_four_words() {
    property(|_| {
        let run = act("words").run()?;
        run.ends_well()?;
        run.check(kit::snapshot!("four_words", run.events()))
    });
}

#[test]
fn the_whole_story_of_three_sums() {
    property(|_| {
        let run = act("sums").run()?;
        run.ends_well()?;
        run.check(kit::snapshot!("three_sums", run.events()))
    });
}
