//! What the threads promise, seen in real runs. `explored.rs` looks at every schedule.

use kit::{Checked, Finding, Program, Random, Run, Verdict, program, property};

/// Some of these, each once.
const NAMES: [&str; 6] = ["Ada", "Bob", "Chen", "Dora", "Emil", "Fay"];

fn names(random: &mut Random) -> &'static [&'static str] {
    let first = random.pick(0..=2);
    &NAMES[first..first + random.pick(2..=4)]
}

/// Many more than there are processors.
fn crowd(random: &mut Random) -> Vec<String> {
    (1..=random.pick(129..=140)).map(|number| format!("Guest{number}")).collect()
}

fn program(names: &[&str]) -> Program {
    program!().list("names", names)
}

/// What main should say: the first is greeted once, the second twice, and so on up to five times.
fn expected(names: &[&str], panics: &str) -> Vec<String> {
    let says = |(index, name): (usize, &&str)| {
        let text = vec![format!("Hello {name}"); index % 5 + 1].join(", ");
        if *name == panics { format!("{name} panicked") } else { format!("{name} got {text}") }
    };
    names.iter().enumerate().map(says).collect()
}

/// Passes if main says just what it should, in the order of the arguments.
fn main_says(run: &Run, names: &[&str], panics: &str) -> Checked {
    run.ends_well()?;
    let said: Vec<_> = run.events().of("main").iter().map(|event| event.what.clone()).collect();
    let expected = expected(names, panics);
    let claim = "main should tell each thread's result, in the order of the arguments";
    let finding = Finding::wrong(claim);
    let finding = finding.seeing(kit::compare(&expected.join("\n"), &said.join("\n")));
    run.check(finding.unless(said == expected))
}

#[test]
fn each_thread_gets_its_arguments_and_gives_its_result() {
    property(|random| {
        let crowd = crowd(random);
        let crowd: Vec<_> = crowd.iter().map(String::as_str).collect();
        for names in [names(random), &crowd] {
            let run = program(names).run()?;
            main_says(&run, names, "")?;
            let threads = run.events().filter(|event| event.who != "main");
            run.check(threads.named("enter").number(names.len()))?;
            run.check(threads.each_says(&["enter", "leave"]))?;
        }
        Ok(())
    });
}

#[test]
fn the_system_sees_a_thread_for_each() {
    property(|random| {
        let crowd = crowd(random);
        let crowd: Vec<_> = crowd.iter().map(String::as_str).collect();
        // A few of them, or many.
        let names = [names(random), &crowd][random.pick(0..=1)];
        let run = program(names).run()?;
        run.ends_well()?;
        let created = run.threads_created()?;
        let claim = format!("{} threads should be created, {created} were", names.len());
        run.check(Finding::wrong(claim).unless(created == names.len()))
    });
}

#[test]
fn all_threads_run_at_the_same_time() {
    property(|random| {
        let crowd = crowd(random);
        let crowd: Vec<_> = crowd.iter().map(String::as_str).collect();
        for names in [names(random), &crowd] {
            let program = program(names).arg("meet", names.len());
            // Who waits for whom in a crowd is nothing to read.
            let crowded = names.len() == crowd.len();
            let run = if crowded { program.meant_to_hang() } else { program }.run()?;
            let inside = run.events().overlap("enter", "leave").peak();
            if run.deadlocked() && inside < names.len() {
                let claim = format!(
                    "{} threads should run at the same time; {inside} began and waited for the others",
                    names.len()
                );
                let finding = Finding::new(Verdict::Serialised, claim);
                return Err(run.found(finding.seeing(run.events().to_string())));
            }
            run.ends_well()?;
        }
        Ok(())
    });
}

#[test]
fn one_panic_takes_no_other_result_away() {
    property(|random| {
        let names = names(random);
        let panics = names[random.pick(0..=names.len() - 1)];
        main_says(&program(names).arg("panics", panics).run()?, names, panics)
    });
}
