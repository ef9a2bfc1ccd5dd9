//! What an event promises, seen in real runs. `explored.rs` looks at every schedule.

use std::cell::Cell;
use std::time::Duration;

use kit::observation::HangKind;
use kit::{Checked, Finding, Verdict, program, property};

/// Who sleeps until woken, or until the time is up, wakes up less often in half a second.
const SELDOM: u64 = 50;

#[test]
fn whoever_waits_sleeps() {
    let first = Cell::new(true);
    property(|random| {
        let waiters = random.pick(1..=4);
        let program = program!().arg("waiters", waiters).arg("publish", 0);
        // Nobody publishes: a right program stands still. One that looks again and again
        // shows it in a hundred times the processor time that a right one needs.
        let run = program.using(Duration::from_millis(500)).meant_to_hang().run()?;
        run.stands_still()?;
        run.check(run.events().named("asks").number(waiters + 1))?;
        // Takes its whole time in a right program, so once has to do.
        if first.take() { a_wait_of_ten_minutes_sleeps() } else { Ok(()) }
    });
}

fn a_wait_of_ten_minutes_sleeps() -> Checked {
    let bounds = (Duration::from_millis(150), Duration::from_millis(500));
    let program = program!().arg("alone-ms", 600_000).using(bounds.0).within(bounds.1);
    let run = program.meant_to_hang().run()?;
    let (verdict, claim) = match run.observation().hang.as_ref().map(|hang| hang.kind) {
        None => {
            run.ends_well()?;
            (Verdict::WrongOutput, "nobody sets the event, and a wait of ten minutes has ended")
        }
        // A wait that ends by the clock is no deadlock, however asleep.
        Some(HangKind::Deadlock) => {
            (Verdict::Deadlock, "a wait of ten minutes should end by the clock, it never ends")
        }
        Some(HangKind::Timeout) if run.times_waited()? < SELDOM => return Ok(()),
        Some(HangKind::Timeout) => {
            (Verdict::Timeout, "wait_timeout wakes up again and again, by the clock, to look")
        }
        Some(_) => (Verdict::Livelock, "wait_timeout keeps the processor busy while it waits"),
    };
    Err(run.found(Finding::new(verdict, claim).seeing(run.stdout())))
}

#[test]
fn a_set_ends_a_wait_of_ten_minutes() {
    property(|_| {
        let run = program!().arg("waiters", 0).arg("timeout-ms", 600_000).run()?;
        run.ends_well()?;
        for (key, expected) in [("never", false), ("soon", true)] {
            let seen: bool = run.check(run.events().of("main").value(key))?;
            let claim = format!("expected {key}={expected}, saw {key}={seen}");
            run.check(Finding::wrong(claim).unless(seen == expected))?;
        }
        Ok(())
    });
}

#[test]
fn everybody_receives_the_password() {
    property(|random| {
        let waiters = random.pick(1..=6);
        let password = format!("open-{}", random.pick(1..=9999));
        let program = program!().arg("waiters", waiters).arg("password", &password);
        let run = program.run()?;
        run.ends_well()?;
        let received = run.events().named("received").values("received");
        let claim = format!(
            "main and {waiters} waiters should receive {password}, they received {}",
            received.join(", ")
        );
        let right = received.len() == waiters + 1 && received.iter().all(|word| *word == password);
        run.check(Finding::wrong(claim).unless(right))
    });
}
