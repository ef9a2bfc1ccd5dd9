//! What the bank promises, seen in real runs. `explored.rs` looks at every schedule.

use std::cell::Cell;

use kit::{Finding, Verdict, program, property};

#[test]
fn transfers_between_other_accounts_meet() {
    let first = Cell::new(true);
    property(|random| {
        // Many, once, and few: accounts have nothing in common, whatever their numbers.
        let pairs = if first.take() { 70 } else { random.pick(2..=5) };
        let run = program!().arg("rounds", 0).arg("pairs", pairs).run()?;
        let inside = run.events().overlap("enter", "leave").peak();
        if run.deadlocked() && inside < pairs {
            let claim = format!(
                "{pairs} transfers have no account in common and should be under way at once, also \
                 while another waits for the accounts of the first; {inside} got in and waited for \
                 the others"
            );
            let finding = Finding::new(Verdict::Serialised, claim);
            return Err(run.found(finding.seeing(run.events().to_string())));
        }
        run.ends_well()?;
        let pairs_said = run.events().filter(|event| event.who != "main");
        run.check(pairs_said.named("moved").number(pairs))?;
        run.check(pairs_said.each_says(&["enter", "leave", "moved"]))
    });
}

#[test]
fn no_money_is_lost_in_many_transfers() {
    property(|random| {
        let (accounts, threads) = (random.pick(2..=5), random.pick(2..=4));
        let program = program!().arg("accounts", accounts).arg("threads", threads);
        let program = program.arg("rounds", random.pick(100..=1000)).arg("pairs", 0);
        let run = program.arg("seed", random.pick(1..=1000)).run()?;
        run.ends_well()?;
        for (key, expected) in [("total", 100 * accounts), ("different", 0)] {
            let seen: usize = run.check(run.events().of("main").value(key))?;
            let claim = format!("money only moves: expected {key}={expected}, saw {key}={seen}");
            run.check(Finding::wrong(claim).unless(seen == expected))?;
        }
        Ok(())
    });
}
