//! What the threads promise, seen in real runs. `explored.rs` looks at every schedule.

use kit::{Finding, Program, Random, Verdict, program, property};

/// Some of these, each once.
const NAMES: [&str; 6] = ["ada", "bob", "chen", "dora", "emil", "fay"];

fn names(random: &mut Random) -> &'static [&'static str] {
    let first = random.pick(0..=3);
    &NAMES[first..first + random.pick(2..=3)]
}

fn program(names: &[&str], count: usize) -> Program {
    program!().list("names", names).arg("count", count)
}

#[test]
fn every_thread_counts_under_its_name() {
    property(|random| {
        let (names, count) = (names(random), random.pick(1..=8));
        let run = program(names, count).run()?;
        run.ends_well()?;
        let said = run.events().per_worker();
        let claim = format!("main and {} should speak, in person", names.join(", "));
        let speakers: Vec<_> = said.keys().map(String::as_str).collect();
        let mut expected = [names, &["main"]].concat();
        expected.sort_unstable();
        let finding = Finding::wrong(claim).seeing(run.events().to_string());
        run.check(finding.unless(speakers == expected))?;
        run.check(run.events().of("main").each_says(&["begin", "end"]))?;
        let counts: Vec<_> = (1..=count).map(|number| format!("count={number}")).collect();
        let counts: Vec<_> = counts.iter().map(String::as_str).collect();
        run.check(run.events().filter(|event| event.who != "main").each_says(&counts))
    });
}

#[test]
fn the_system_sees_a_thread_for_each_name() {
    property(|random| {
        let names = names(random);
        // Perhaps the last tick of the first thread panics: no thread more for all that.
        let unlucky = random.pick(0..=1) == 0;
        let program = program(names, 2);
        let program = if unlucky { program.arg("unlucky", names[0]) } else { program };
        let run = program.run()?;
        run.ends_well()?;
        // A thread that ends together with the process may be gone before its name was read.
        let threads = run.threads()?.names();
        let seen: Vec<_> = threads.iter().copied().filter(|name| !name.is_empty()).collect();
        let claim = format!(
            "threads named {} should be created, and no other; {} were, named {}",
            names.join(", "),
            threads.len(),
            seen.join(", ")
        );
        let one_each =
            seen.iter().all(|name| names.contains(name)) && seen.is_sorted_by(|a, b| a < b);
        let as_asked = threads.len() == names.len() && one_each;
        // After a panic some may end before they have a name, or, one after the other, never begin:
        // that is looked at elsewhere.
        let no_more = unlucky && threads.len() <= names.len();
        run.check(Finding::wrong(claim).unless(as_asked || no_more))
    });
}

#[test]
fn all_threads_count_at_the_same_time() {
    property(|random| {
        // A few, and many more than there are processors, two of each name.
        let crowd: Vec<_> =
            (1..=random.pick(129..=140)).map(|number| format!("guest-{}", number / 2)).collect();
        let crowd: Vec<_> = crowd.iter().map(String::as_str).collect();
        for names in [names(random), &crowd] {
            let program = program(names, 2).arg("meet", names.len());
            // Who waits for whom in a crowd is nothing to read.
            let crowded = names.len() == crowd.len();
            let run = if crowded { program.meant_to_hang() } else { program }.run()?;
            if run.deadlocked() {
                let counts = run.events().counts();
                let [first, last] = ["count=1", "count=2"].map(|count| counts.get(count).copied());
                // They wait for the others at the first tick, or else at the last.
                let (tick, came) = match first {
                    Some(all) if all == names.len() => (2, last),
                    some => (1, some),
                };
                let claim = format!(
                    "{} threads should count at the same time; {} came to tick({tick}) and waited for the others",
                    names.len(),
                    came.unwrap_or(0)
                );
                let finding = Finding::new(Verdict::Serialised, claim);
                return Err(run.found(finding.seeing(run.events().to_string())));
            }
            run.ends_well()?;
        }
        Ok(())
    });
}
