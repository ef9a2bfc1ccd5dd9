//! What a wait tells, whichever child is the first to end.

use std::time::Duration;

use kit::observation::{Doubt, Exit, HangKind};
use kit::{Checked, Finding, Random, Run, Verdict, program, property};

/// Signals that end a process, and dump no core.
const SIGNALS: [i32; 13] = [9, 15, 10, 12, 14, 1, 2, 13, 16, 26, 27, 29, 30];

/// More often than all processes of such a run fall asleep (some 35 times), and less often than one that
/// looks at a child every few milliseconds, for two seconds.
const SELDOM: u64 = 100;

const BUSY: &str = "the parent keeps the processor busy while it waits";

/// How some children end: with a status from 0 to 255, or by a signal, written `-n`.
fn ends(random: &mut Random) -> Vec<i32> {
    let end = |random: &mut Random| match random.pick(0..=2) {
        0 => -SIGNALS[random.pick(0..=SIGNALS.len() - 1)],
        _ => random.pick(0..=255) as i32,
    };
    (0..random.pick(2..=4)).map(|_| end(random)).collect()
}

/// Passes if each child's code is the one of its end, and the children really ended so.
fn tells(run: &Run, ends: &[i32]) -> Checked {
    run.ends_well()?;
    run.creates_processes(ends.len())?;
    tell(run, ends)
}

/// The same, whatever other processes there are.
fn tell(run: &Run, ends: &[i32]) -> Checked {
    for (number, &end) in (1..).zip(ends) {
        let who = format!("child-{number}");
        let pid: i32 = run.check(run.events().of(&who).value("pid"))?;
        run.ends_as(pid, if end < 0 { Exit::Signal(-end) } else { Exit::Code(end) })?;
        let said = run.events().of(&who).filter(|event| event.value("pid").is_none());
        let code: i32 = run.check(said.value("code"))?;
        let claim = format!("{who} {}; its exit code is {end}, not {code}", in_words(end));
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(code == end))?;
    }
    Ok(())
}

fn in_words(end: i32) -> String {
    if end < 0 {
        format!("was ended by signal {}", -end)
    } else {
        format!("ended with status {end}")
    }
}

#[test]
fn an_exit_status_is_decoded() {
    property(|random| {
        // 3 is the example of the text; the others cannot be guessed.
        let ends = [3, 0, random.pick(1..=255) as i32];
        // The job of the last one ends the child by itself.
        tells(&program!().list("ends", &ends).arg("leaves", ends.len()).run()?, &ends)
    });
}

#[test]
fn a_signal_is_told_as_its_negative_number() {
    property(|random| {
        let ends = SIGNALS.map(|signal| -signal);
        tells(&program!().list("ends", &ends).run()?, &ends)?;
        let ends = [-9, ends[random.pick(1..=ends.len() - 1)]];
        // Beside the number of the signal there is a bit that says whether a core was dumped.
        tells(&program!().list("ends", &ends).arg("core", 1).run()?, &ends)
    });
}

#[test]
fn every_child_gets_its_own_code() {
    property(|random| {
        let ends = ends(random);
        let run = program!().list("ends", &ends).arg("refuse", 1).run()?;
        tells(&run, &ends)?;
        let again = run.events().filter(|event| event.who.starts_with("again-"));
        let claim = "whoever was waited for is gone, and to ask for it again is an error: ECHILD";
        let errors = again.filter(|event| event.value("no-such-child") == Some("true")).len();
        run.check(Finding::wrong(claim).seeing(again.to_string()).unless(errors == ends.len()))?;
        // Where the system refuses no processes, nothing is said.
        let started = run.events().of("refused").named("started");
        let claim = "a start whose fork fails is an error: there is no child, and no pid";
        run.check(Finding::wrong(claim).seeing(started.to_string()).unless(started.is_empty()))
    });
}

#[test]
fn only_the_child_that_is_asked_for_is_waited_for() {
    property(|random| {
        let ends = ends(random);
        let first = random.pick(1..=ends.len());
        // All others run until the parent has its answer about `first`.
        let run = program!().list("ends", &ends).arg("first", first).run()?;
        let answered = run.events().of(&format!("child-{first}")).len() > 1;
        if run.deadlocked() && !answered {
            let claim = format!(
                "child-{first} has ended and was asked for, but the parent waits for another, \
                 which still runs"
            );
            let finding = Finding::new(Verdict::Deadlock, claim);
            return Err(run.found(finding.seeing(run.stdout())));
        }
        tells(&run, &ends)?;
        // Another child has ended before all of them, and is there for whoever asks for it.
        let run = program!().list("ends", &ends).arg("first", first).arg("other", 77).run()?;
        run.ends_well()?;
        tell(&run, &ends)?;
        let claim = "another child, which had ended and was not asked for, should be left alone; \
                     it was waited for";
        let left_alone = run.events().of("other").named("is").len() == 1;
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(left_alone))?;
        let asked = run.events().of("others-child");
        let told = asked.iter().any(|event| event.value("code") == Some("77"));
        let claim = "the other child, which the caller has forked itself, ended with status 77, and \
                     its exit code should be 77 when it is asked for";
        run.check(Finding::wrong(claim).seeing(asked.to_string()).unless(told))?;
        // So is each that was started in the same way, until somebody asks for it.
        let run = program!().list("ends", &ends).run()?;
        tells(&run, &ends)?;
        let claim = "all children had ended, and some were waited for before they were asked for";
        let taken = run.events().of("other");
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(taken.is_empty()))
    });
}

#[test]
fn the_parent_sleeps_until_the_child_ends() {
    property(|random| {
        let end = random.pick(1..=255) as i32;
        let program = program!().list("ends", &[end]).arg("stop", 1);
        let run = program.using(Duration::from_secs(1)).run()?;
        if run.spun() {
            return Err(run.found(Finding::new(Verdict::Livelock, BUSY).seeing(run.stdout())));
        }
        run.ends_well()?;
        let said = run.events().filter(|event| event.value("pid").is_none());
        let last = said.iter().last().map(|event| event.who.as_str());
        let claim = "child-1 was stopped and went on, neither of which is an end: the parent should \
                     go on sleeping";
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(last == Some("child-1")))?;

        let ends = ends(random);
        // The child does not end before the parent has its answer: a right program stands still.
        let program = program!().list("ends", &ends).arg("first", 1).arg("never", 1);
        let bounds = (Duration::from_millis(300), Duration::from_secs(2));
        let run = program.using(bounds.0).within(bounds.1).meant_to_hang().run()?;
        if run.deadlocked() {
            return Ok(());
        }
        let (verdict, claim) = match run.observation().hang.as_ref().map(|hang| hang.kind) {
            None => {
                run.ends_well()?;
                (Verdict::WrongOutput, "the parent has an answer while the child still runs")
            }
            // There are ways of sleeping that the observer cannot prove to last for ever, but a
            // nap is none.
            Some(HangKind::Timeout) if !naps(&run) && run.times_waited()? < SELDOM => return Ok(()),
            Some(HangKind::Timeout) => {
                (Verdict::Timeout, "the parent wakes up again and again, by the clock, to ask")
            }
            Some(_) => (Verdict::Livelock, BUSY),
        };
        Err(run.found(Finding::new(verdict, claim).seeing(run.stdout())))
    });
}

/// Whether a task slept for a length of time while all others were asleep.
fn naps(run: &Run) -> bool {
    let hang = run.observation().hang.as_ref();
    hang.is_some_and(|hang| hang.doubt == Some(Doubt::Nap))
}

#[test]
fn the_child_leaves_by_underscore_exit() {
    property(|_| {
        let run = program!().list("ends", &[3, 0]).run()?;
        run.ends_well()?;
        let parent = run.observation().processes.first().map(|process| process.pid.to_string());
        let exits = run.events().of("exit");
        let claim = "what the parent registered for its exit should run in the parent alone; \
                     it ran in the processes";
        let expected: Vec<_> = parent.into_iter().collect();
        let difference = kit::compare_unordered(&expected, &exits.values("pid"));
        run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
    });
}

#[test]
fn every_child_is_reaped() {
    property(|random| {
        let run = program!().list("ends", &ends(random)).arg("row", 20).run()?;
        run.ends_well()?;
        let failed = run.events().of("row");
        let claim = "20 more children were started and asked for, one after the other, where 10 more \
                     descriptors may be open: nothing that was opened for a child should stay open";
        run.check(
            Finding::new(Verdict::Leak, claim).seeing(failed.to_string()).unless(failed.is_empty()),
        )?;
        run.leaves_nothing_behind()
    });
}
