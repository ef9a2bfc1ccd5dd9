//! What an event promises, seen in real runs. `explored.rs` looks at every schedule.

use std::time::Duration;

use kit::{Finding, program, property};

#[test]
fn whoever_waits_sleeps() {
    property(|random| {
        let program = program!().arg("waiters", random.pick(1..=4)).arg("publish", 0);
        // Nobody publishes: a right program stands still. One that looks again and again
        // shows it in a hundred times the processor time that a right one needs.
        let run = program.using(Duration::from_millis(500)).meant_to_hang().run()?;
        run.stands_still()
    });
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
