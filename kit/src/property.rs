use std::cell::Cell;

use crate::{Checked, FINDING_VARIABLE, Finding, Outcome, Random, Tally, Verdict};
use crate::{asked, hint, timeline};

/// Overrides in how many runs a property is checked.
pub const RUNS_VARIABLE: &str = "INTERLEAVE_RUNS";

const RUNS: u32 = 5;

thread_local! {
    static DIAGNOSED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the property that is checked on this thread has failed by a deadlock that is
/// diagnosed already: what its other runs hang in is only counted.
pub(crate) fn is_diagnosed() -> bool {
    DIAGNOSED.get()
}

/// Checks a property in several runs, each with its own random sizes; one failing run fails it.
///
/// The sizes come from fixed seeds, so the same program meets the same cases.
///
/// # Panics
///
/// If the property fails in any run: with the evidence, then one line of hint.
/// The finding also goes to the file named in [`FINDING_VARIABLE`].
#[track_caller]
pub fn property(check: impl Fn(&mut Random) -> Checked) {
    let runs = std::env::var(RUNS_VARIABLE).ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let checked = asked::remembering(|| repeat(runs, check));
    DIAGNOSED.set(false);
    if let Err(mut finding) = checked {
        match finding.run.as_deref().and_then(timeline::draw) {
            Some(Ok(path)) => finding.picture = Some(format!("see {}", path.display())),
            Some(Err(reason)) => finding.picture = Some(reason),
            None => {}
        }
        hand_over(&finding);
        conclude(&finding);
    }
}

fn repeat(runs: u32, check: impl Fn(&mut Random) -> Checked) -> Checked {
    let mut first = None;
    let mut tally = Tally { failed: 0, runs: 0 };
    for seed in 1..=runs {
        let (checked, repeats) = asked::repeats(|| check(&mut Random::seeded(seed.into())));
        // What is only repeated is no further evidence.
        if repeats && (checked.is_ok() || first.is_some()) {
            continue;
        }
        tally.runs += 1;
        let Err(finding) = checked else { continue };
        if finding.outcome != Outcome::Failed {
            return Err(finding);
        }
        tally.failed += 1;
        DIAGNOSED.set(is_diagnosed() || finding.verdict == Verdict::Deadlock);
        let slow = matches!(finding.verdict, Verdict::Timeout | Verdict::Livelock | Verdict::Limit);
        first.get_or_insert(finding);
        // Each of these costs its whole bound, and one is enough.
        if slow {
            break;
        }
    }
    match first {
        Some(finding) => Err(Finding { tally: Some(tally), ..finding }),
        None => Ok(()),
    }
}

/// Gives the finding to the grader, if there is one.
fn hand_over(finding: &Finding) {
    let Some(path) = std::env::var_os(FINDING_VARIABLE) else { return };
    let json = serde_json::to_vec(finding).expect("a finding holds texts and numbers only");
    if let Err(error) = std::fs::write(&path, json) {
        panic!("cannot write the finding to {}: {error}", path.display());
    }
}

#[track_caller]
fn conclude(finding: &Finding) {
    match finding.outcome {
        Outcome::NotCheckable if std::env::var_os(FINDING_VARIABLE).is_none() => say(finding),
        Outcome::NotCheckable | Outcome::Broken => panic!("\n{finding}"),
        Outcome::Failed => match hint::for_current_test(finding.verdict) {
            Some(hint) => panic!("\n{finding}hint: {hint}\n"),
            None => panic!("\n{finding}"),
        },
    }
}

/// A student whose host shows too little is told, not failed.
#[expect(clippy::print_stderr, reason = "the test runner shows what a test prints")]
fn say(finding: &Finding) {
    eprintln!("{finding}");
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn one_failing_run_fails_the_property_and_is_counted() {
        let calls = Cell::new(0);
        let finding = repeat(8, |_| {
            calls.set(calls.get() + 1);
            Finding::wrong("third time").unless(calls.get() != 3)
        });
        assert_eq!(finding.unwrap_err().tally, Some(Tally { failed: 1, runs: 8 }));
    }

    #[test]
    fn a_run_that_cost_its_whole_bound_is_not_repeated() {
        let finding = repeat(8, |_| Err(Finding::new(Verdict::Timeout, "hangs"))).unwrap_err();
        assert_eq!(finding.tally, Some(Tally { failed: 1, runs: 1 }));
    }

    #[test]
    fn after_a_deadlock_runs_are_only_counted() {
        let asked = RefCell::new(vec![]);
        let finding = repeat(3, |_| {
            asked.borrow_mut().push(is_diagnosed());
            let verdict =
                if asked.borrow().len() == 1 { Verdict::WrongOutput } else { Verdict::Deadlock };
            Err(Finding::new(verdict, "hangs"))
        });
        assert_eq!(finding.unwrap_err().verdict, Verdict::WrongOutput);
        assert_eq!(asked.into_inner(), [false, false, true]);
    }

    #[test]
    fn a_fault_of_ours_is_never_counted_as_a_failure() {
        let finding = repeat(8, |_| Err(Finding::broken("no pipes left"))).unwrap_err();
        assert_eq!((finding.outcome, finding.tally), (Outcome::Broken, None));
    }

    #[test]
    fn every_run_has_its_own_sizes() {
        let seen = Cell::new(vec![]);
        let outcome = repeat(4, |random| {
            let mut sizes = seen.take();
            sizes.push(random.pick(0..=1_000_000));
            seen.set(sizes);
            Ok(())
        });
        outcome.unwrap();
        let mut sizes = seen.take();
        sizes.dedup();
        assert_eq!(sizes.len(), 4);
    }
}
