//! What two processes that talk to each other promise, whoever speaks first.

use std::cell::Cell;
use std::time::Duration;

use kit::observation::Exit;
use kit::{Checked, Finding, Program, Random, Run, Verdict, program, property};

type Fields = Vec<(String, i64)>;

fn fields(random: &mut Random, count: usize) -> Fields {
    let numbers = random.numbers(count);
    numbers.into_iter().enumerate().map(|(place, number)| (format!("f{place}"), number)).collect()
}

fn with_message(name: &str, fields: &Fields) -> Program {
    let keys: Vec<_> = fields.iter().map(|(key, _)| as_argument(key)).collect();
    let values: Vec<_> = fields.iter().map(|(_, value)| value).collect();
    program!().arg("name", as_argument(name)).list("keys", &keys).list("values", &values)
}

/// As the driver takes what its arguments cannot hold.
fn as_argument(text: &str) -> String {
    match text {
        "" => "∅".to_owned(),
        _ => text.replace(',', "‚").replace('\0', "␀"),
    }
}

/// Passes if `who` said exactly `expected` after the word `what`, in that order.
fn says(run: &Run, who: &str, what: &str, expected: &[String], claim: &str) -> Checked {
    let said = run.events().of(who).named(what);
    let start = format!("{what} ");
    let said: Vec<_> = said.iter().map(|event| event.what.replacen(&start, "", 1)).collect();
    let difference = kit::compare(&expected.join("\n"), &said.join("\n"));
    run.check(Finding::wrong(claim).seeing(difference).unless(said == expected))
}

fn was_asked(run: &Run, name: &str, fields: &Fields, times: usize) -> Checked {
    let expected = vec![format!("{name:?} {fields:?}"); times];
    says(run, "partner", "asked", &expected, "the partner should get what was sent")
}

fn was_told(run: &Run, name: &str, fields: &Fields, times: usize) -> Checked {
    let reply = |number| {
        let mut fields = fields.clone();
        fields.reverse();
        fields.push(("number".to_owned(), number));
        format!("{:?} {fields:?}", format!("seen: {name}"))
    };
    let expected: Vec<_> = (1..).take(times).map(reply).collect();
    says(run, "main", "told", &expected, "each request should get the reply that belongs to it")
}

#[test]
fn a_message_is_equal_after_the_trip() {
    property(|random| {
        // Some fields, and more than a byte can count; one name is longer than a byte can say.
        for count in [random.pick(1..=6), random.pick(260..=300)] {
            let mut fields = fields(random, count);
            fields[0].0 = "f".repeat(count);
            let run = with_message("circle", &fields).run()?;
            run.ends_well()?;
            was_asked(&run, "circle", &fields, 1)?;
        }
        Ok(())
    });
}

#[test]
fn each_request_gets_its_own_reply() {
    property(|random| {
        let (count, requests) = (random.pick(1..=6), random.pick(2..=9));
        let fields = fields(random, count);
        let run = with_message("circle", &fields).arg("requests", requests).run()?;
        run.ends_well()?;
        was_asked(&run, "circle", &fields, requests)?;
        was_told(&run, "circle", &fields, requests)?;
        let claim = "`answer` writes to a pipe that was opened before `start`, and cannot";
        let lost = run.events().of("partner").named("lost");
        run.check(Finding::wrong(claim).unless(lost.is_empty()))
    });
}

#[test]
fn names_may_hold_any_text() {
    const NAMES: [&str; 6] =
        ["", "a, b\0c", "two words: and\na line break", "圆形 ○", "{\"x\": [1]}", "\t| ;="];
    property(|random| {
        let name = NAMES[random.pick(0..=NAMES.len() - 1)];
        // One of them twice; one holds what others write for a line break, say.
        let keys = ["", r"\n\t\0\\%0A&lt;", "a, b", "", "\0", "c\n: d", "半径", "\"=\"", "0"]
            .map(str::to_owned);
        let numbers = [i64::MIN, -1, 0, i64::MAX, 10, 7, 8, 9, (1 << 53) + 1];
        let mut fields: Fields = keys.into_iter().zip(numbers).collect();
        fields.truncate([2, 5, 9][random.pick(0..=2)]);
        let run = with_message(name, &fields).run()?;
        run.ends_well()?;
        was_asked(&run, name, &fields, 1)?;
        was_told(&run, name, &fields, 1)?;
        // Nothing at all is a message, too.
        let run = with_message("", &vec![]).run()?;
        run.ends_well()?;
        was_asked(&run, "", &vec![], 1)?;
        was_told(&run, "", &vec![], 1)
    });
}

#[test]
fn both_sides_can_send() {
    property(|random| {
        // Two or three fields, or none, or dozens: many short pieces.
        let count = [0, 60, 2, 3][random.pick(0..=3)];
        let messages = random.pick(1..=5);
        let fields = fields(random, count);
        // Short, or not: a few of these go into any pipe.
        let name = "c".repeat([1, 3000 - 25 * count][random.pick(0..=1)]);
        let run = with_message(&name, &fields).arg("talk", messages).run()?;
        run.ends_well()?;
        for (who, from) in [("main", "child"), ("child", "main")] {
            let message = |number| {
                let mut fields = fields.clone();
                fields.push((format!("from {from}"), number));
                format!("{name:?} {fields:?}")
            };
            let expected: Vec<_> = (1..).take(messages).map(message).collect();
            let claim = "each side should hear, in order, what the other has sent";
            says(&run, who, "heard", &expected, claim)?;
        }
        let claim = "the child has hung up, so its parent should see the end";
        let ended = run.events().of("main").named("end").len() == 1;
        run.check(Finding::wrong(claim).unless(ended))
    });
}

/// The parent's message and the child's have a name and a key of so many letters; then both
/// exchange names of as many letters as `more` says.
fn swap(ours: usize, theirs: usize, more: &[usize]) -> Checked {
    swap_in(program!(), ours, theirs, more)
}

fn swap_in(program: Program, ours: usize, theirs: usize, more: &[usize]) -> Checked {
    // Whoever takes each byte by itself needs some time for a megabyte.
    let program = program.using(Duration::from_secs(8)).within(Duration::from_secs(30));
    let run = program.list("exchange", &[&[ours, theirs], more].concat()).run()?;
    let claim = "one side had exchanged its message and sent another; that did not come whole, which \
                 `receive` should have found behind the exchange";
    let else_ = run.events().named("something").len();
    run.check(Finding::wrong(claim).unless(else_ == 0))?;
    run.ends_well()?;
    let claim = "in an exchange each side should get what the other has sent";
    let of = |size, letter, key| {
        vec![format!("{size} of \"{letter}\", {key}, {size} of \"{letter}\" [1, 2]")]
    };
    says(&run, "main", "swapped", &of(theirs, 'c', "5 of \"cdhil\""), claim)?;
    says(&run, "child", "swapped", &of(ours, 'm', "4 of \"aimn\""), claim)?;
    let claim = "behind an exchange, messages should be sent, received and exchanged as before it";
    let again = run.events().filter(|event| event.value("again") == Some("true")).len();
    run.check(Finding::wrong(claim).unless(again == 2))?;
    let left = run.events().filter(|event| event.value("thread") == Some("true"));
    let claim = "`exchange` has made a thread, and when it returned that thread was still there";
    run.check(Finding::wrong(claim).unless(left.is_empty()))
}

#[test]
fn two_can_exchange_messages() {
    property(|random| {
        // Neither of the two has made the connection.
        let siblings = program!().arg("siblings", 1);
        swap_in(siblings, random.pick(1..=100), random.pick(1..=100), &[])?;
        let run = program!().arg("alone", 1).run()?;
        run.ends_well()?;
        let claim = "the other side hangs up without a message, and then an exchange is an error";
        let alone = run.events().of("main").named("alone").len() == 1;
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(alone))
    });
}

#[test]
fn two_can_exchange_messages_that_no_buffer_holds() {
    let huge = Cell::new(true);
    property(|random| {
        // Once more than a megabyte, which is what a pipe may be made to hold.
        if huge.replace(false) {
            let huge = 525_000..=550_000;
            let between = [70_000, 130_000, 250_000];
            swap(random.pick(huge.clone()), random.pick(huge), &between)?;
        } else {
            swap(random.pick(150_000..=200_000), random.pick(150_000..=200_000), &[])?;
        }
        // One of them is small.
        let (large, small) = (random.pick(150_000..=200_000), random.pick(1..=100));
        let swapped = random.pick(0..=1) == 1;
        if swapped { swap(large, small, &[]) } else { swap(small, large, &[]) }
    });
}

#[test]
fn a_partner_that_dies_is_an_error() {
    property(|random| {
        let (requests, count) = (random.pick(1..=4), random.pick(1..=3));
        let fields = fields(random, count);
        let die = random.pick(1..=requests);
        let program = with_message("circle", &fields).arg("requests", requests);
        let run = program.arg("die", die).run()?;
        run.ends_well()?;
        was_told(&run, "circle", &fields, die - 1)?;
        run.check(run.events().named("no").number(requests - die + 1))?;
        run.check(run.events().named("finished").number(1))?;
        run.leaves_nothing_behind()?;
        let run = program!().arg("cut", random.pick(500_000..=550_000)).run()?;
        run.ends_well()?;
        let received = run.events().of("main").named("received");
        let claim = "the other side died in the midst of a message: that is an error, neither \
                     the end nor a message";
        let is_right = |what: &str| ["error", "all", "came"].iter().any(|end| what.ends_with(end));
        let right = received.iter().filter(|event| is_right(&event.what)).count() == 1;
        run.check(Finding::wrong(claim).seeing(run.events().to_string()).unless(right))?;
        let run = program!().arg("clip", 1).run()?;
        run.ends_well()?;
        let accepted = run.events().filter(|event| event.value("refused") == Some("false"));
        let claim = "a message that ends behind any of its bytes but the last is an error, neither \
                     the end nor a message";
        run.check(Finding::wrong(claim).unless(accepted.is_empty()))
    });
}

#[test]
fn the_partner_is_one_other_process() {
    property(|random| {
        let run = program!().arg("requests", random.pick(1..=5)).run()?;
        run.ends_well()?;
        run.creates_processes(1)?;
        let pid: i32 = run.check(run.events().of("partner").value("pid"))?;
        let partner = run.check(run.processes()?.with_pid(pid))?;
        let claim = "the parent answers its own requests";
        run.check(Finding::wrong(claim).unless(partner.parent.is_some()))
    });
}

#[test]
fn a_finished_partner_is_gone() {
    property(|random| {
        // Without a request, too, and with a second partner after the first; and another child of
        // the caller's has ended before.
        for other in [0, 77] {
            let program = program!().arg("requests", random.pick(0..=3)).arg("other", other);
            let run = program.arg("partners", random.pick(1..=2)).run()?;
            run.ends_well()?;
            run.leaves_nothing_behind()?;
            let killed = |exit: &Exit| matches!(exit, Exit::Signal(_));
            let claim =
                "the partner should end by itself when this side is finished; it was killed";
            let exits = run.processes()?.created().exits();
            run.check(Finding::wrong(claim).unless(!exits.iter().any(killed)))?;
            let taken = run.events().filter(|event| event.value("other") == Some("taken"));
            let claim = "the caller has another child, and `finish` has waited for that one";
            run.check(Finding::wrong(claim).unless(taken.is_empty()))?;
        }
        let run = program!().arg("gone", 1).run()?;
        let stays = run.deadlocked() && run.events().of("main").named("asker").len() == 1;
        let claim = "whoever asked was killed, and its partner should end, too";
        run.check(Finding::new(Verdict::Deadlock, claim).unless(!stays))?;
        let returns = run.events().of("partner").named("comes");
        let claim = "whoever asked was killed in a request, and then its partner came back from \
                     `start`, and went on with the caller's program";
        run.check(Finding::wrong(claim).unless(returns.is_empty()))?;
        signals_end_no_wait()
    });
}

/// Passes if a reply and the partner's end are waited for while signals are handled, and another
/// child that ends meanwhile is left alone.
fn signals_end_no_wait() -> Checked {
    let run = program!().arg("signals", 1).run()?;
    let said = run.events().of("main");
    for (start, what) in [
        ("no", "for its reply, and `ask` gave up"),
        ("not", "for its end, and `finish` gave up"),
        ("back", "for its end, and `finish` returned before that"),
    ] {
        let claim = format!("a signal was handled while the caller waited for the partner, {what}");
        let failed = !said.named(start).is_empty();
        run.check(Finding::wrong(claim).seeing(said.to_string()).unless(!failed))?;
    }
    let claim = "the caller has another child, which ended while the partner lived, and it cannot \
                 wait for that one any more";
    let taken = said.filter(|event| event.value("other") == Some("taken"));
    run.check(Finding::wrong(claim).unless(taken.is_empty()))?;
    run.ends_well()
}

#[test]
fn the_whole_story_of_a_circle() {
    property(|_| {
        let run = program!().run()?;
        run.ends_well()?;
        let events = run.events().filter(|event| event.value("pid").is_none());
        run.check(kit::snapshot!("a_circle", events))
    });
}
