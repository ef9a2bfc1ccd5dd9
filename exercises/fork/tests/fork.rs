//! What a fork does, as the operating system and the two processes tell it.

use std::time::Duration;

use kit::observation::{Doubt, HangKind, Process};
use kit::{Checked, Finding, Random, Run, Verdict, program, property};

/// The counter before the fork, and what the child adds to it: never 0.
fn numbers(random: &mut Random) -> (i64, i64) {
    (random.pick(0..=1000) as i64, random.pick(1..=1000) as i64)
}

fn run(random: &mut Random) -> Checked<Run> {
    let (counter, step) = numbers(random);
    program!().arg("counter", counter).arg("step", step).run()
}

/// The program itself and its only child; a finding if the program made none, or more.
fn parent_and_child(run: &Run) -> Checked<(&Process, &Process)> {
    run.ends_well()?;
    run.creates_processes(1)?;
    let [parent, child] = run.observation().processes.as_slice() else {
        return Err(run.found(Finding::broken("a created process is missing from the list")));
    };
    Ok((parent, child))
}

/// Passes if `who` says `key=expected`, in exactly one line.
fn says(run: &Run, who: &str, key: &str, expected: impl Into<i64>, meaning: &str) -> Checked {
    let expected = expected.into();
    let lines = run.events().of(who);
    let claim = format!("one line of `{who}:` is expected, saw {}", lines.len());
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(lines.len() == 1))?;
    let seen: i64 = run.check(lines.value(key))?;
    let claim = format!("`{who}:` should say {key}={expected}, {meaning}; it says {key}={seen}");
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(seen == expected))
}

#[test]
fn exactly_one_process_is_created() {
    property(|random| {
        let run = run(random)?;
        parent_and_child(&run)?;
        let threads = run.threads_created()?;
        let claim = format!("no thread is needed here, and none allowed; saw {threads} created");
        run.check(Finding::wrong(claim).unless(threads == 0))
    });
}

#[test]
fn the_child_knows_itself_and_its_parent() {
    property(|random| {
        let (counter, step) = numbers(random);
        // The child calls the function as well, and has a child then.
        let run = program!().arg("counter", counter).arg("step", step).arg("again", 1).run()?;
        run.ends_well()?;
        let processes = &run.observation().processes;
        let forks = processes.iter().filter_map(|child| {
            let parent = processes.iter().find(|parent| child.parent == Some(parent.id))?;
            Some(format!("child: pid={} parent={}", child.pid, parent.pid))
        });
        let forks: Vec<_> = forks.collect();
        let claim = format!("each of two calls should create one process, saw {}", forks.len());
        run.check(Finding::wrong(claim).unless((1..=2).contains(&forks.len())))?;
        let lines = run.events().of("child");
        let said = lines.iter().map(|line| {
            let [pid, parent] = ["pid", "parent"].map(|key| line.value(key).unwrap_or("nothing"));
            format!("child: pid={pid} parent={parent}")
        });
        let difference = kit::compare_unordered(&forks, &said.collect::<Vec<_>>());
        let claim = "each new process should say its own number (pid), and that of the process that \
                     forked it (parent), also the child of a child that calls the function too";
        run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
    });
}

#[test]
fn the_parent_knows_itself_and_its_child() {
    property(|random| {
        let run = run(random)?;
        let (parent, child) = parent_and_child(&run)?;
        says(&run, "parent", "pid", parent.pid, "the number of the process that forked")?;
        says(&run, "parent", "child", child.pid, "what fork returned to it")
    });
}

#[test]
fn what_the_child_changes_stays_in_the_child() {
    property(|random| {
        let (counter, step) = numbers(random);
        // Once more downwards, with numbers for which 32 bits are too few.
        for (counter, step) in [(counter, step), (counter + (1 << 40), -step)] {
            let run = program!().arg("counter", counter).arg("step", step).run()?;
            let (parent, child) = parent_and_child(&run)?;
            says(&run, "child", "counter", counter + step, "after its own change")?;
            says(&run, "parent", "counter", counter, "which nobody changed here")?;
            // The driver's own look at the memory of both.
            remembers(&run, child, counter + step)?;
            remembers(&run, parent, counter)?;
        }
        Ok(())
    });
}

/// Passes if the driver found `counter` in the memory of `process` after the call.
fn remembers(run: &Run, process: &Process, counter: i64) -> Checked {
    let own = run
        .events()
        .of("closing")
        .filter(|event| event.value("pid").and_then(|pid| pid.parse().ok()) == Some(process.pid));
    let seen: i64 = run.check(own.value("counter"))?;
    let claim = format!(
        "after the call the counter of process {} should be {counter}, it is {seen}",
        process.pid
    );
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(seen == counter))
}

#[test]
fn both_go_on_to_the_closing_line() {
    property(|random| {
        // The child comes to a bad end, behind its closing line.
        let (counter, step) = numbers(random);
        let end = [random.pick(1..=255) as i32, -9][random.pick(0..=1)];
        let run = program!().arg("counter", counter).arg("step", step).arg("end", end).run()?;
        let (parent, child) = parent_and_child(&run)?;
        let failed = run.events().of("failed");
        let claim = "the fork has succeeded, so the call should be no error, however the child ends; \
                     it returned one";
        let seen = format!("{}{}", run.stdout(), run.observation().stderr.text);
        run.check(Finding::wrong(claim).seeing(seen).unless(failed.is_empty()))?;
        let expected = [parent, child].map(|process| process.pid.to_string());
        let difference =
            kit::compare_unordered(&expected, &run.events().of("closing").values("pid"));
        let claim = "the call should return once in the parent and once in the child; \
                     the processes that came by the closing line:";
        run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
    });
}

#[test]
fn the_child_is_waited_for() {
    property(|random| {
        let run = run(random)?;
        run.ends_well()?;
        run.leaves_nothing_behind()?;
        // These children never end, so their parent never goes on. How long it is looked at makes
        // no difference to a right program.
        let child = "still runs: it was stopped and went on, neither of which is an end";
        stays_with_its_child(random, 1, child, Duration::from_secs(4))?;
        stays_with_its_child(random, 2, "is stopped, which is no end", Duration::from_millis(200))
    });
}

/// Passes if the parent sleeps on, and does not come back, while its child never ends in this `way`.
fn stays_with_its_child(random: &mut Random, way: u8, child: &str, wall: Duration) -> Checked {
    let (counter, step) = numbers(random);
    let program = program!().arg("counter", counter).arg("step", step).arg("stay", way);
    let run = program.using(Duration::from_millis(300)).within(wall).meant_to_hang().run()?;
    // Such a child does not come by the closing line.
    let stays = run.observation().processes.iter().skip(1).any(|child| child.exit.is_none());
    let came_back = stays && !run.events().of("closing").is_empty();
    let claim = format!("the parent went on while its child {child}");
    run.check(Finding::new(Verdict::Leak, claim).seeing(run.stdout()).unless(!came_back))?;
    let Some(hang) = &run.observation().hang else { return run.ends_well() };
    let (verdict, claim) = match hang.kind {
        HangKind::Timeout if hang.doubt == Some(Doubt::Nap) || wakes_up_by_the_clock(&run) => {
            (Verdict::Timeout, "the parent wakes up again and again, by the clock, to ask")
        }
        HangKind::Livelock | HangKind::Limit(_) => {
            (Verdict::Livelock, "the parent keeps the processor busy while it waits")
        }
        HangKind::Deadlock | HangKind::Timeout => return Ok(()),
    };
    run.check(Err(Finding::new(verdict, claim).seeing(run.stdout())))
}

/// Whether the parent's waits are bounded in time, and it has woken up more often than one that
/// sleeps on, which gives up the processor less than ten times.
fn wakes_up_by_the_clock(run: &Run) -> bool {
    const SELDOM: u64 = 30;
    let doubt = run.observation().hang.as_ref().and_then(|hang| hang.doubt);
    let parent = run.observation().processes.first().and_then(|parent| parent.resources);
    let often = parent.is_some_and(|used| used.voluntary_switches > SELDOM);
    doubt == Some(Doubt::Clock) && often
}

#[test]
fn a_fork_that_fails_is_an_error() {
    property(|random| {
        let (counter, step) = numbers(random);
        let run = program!().arg("counter", counter).arg("step", step).arg("refuse", 1).run()?;
        run.ends_well()?;
        if !run.events().of("main").named("cannot").is_empty() {
            let reason = "this system does not limit the number of the program's processes";
            return Err(Finding::not_checkable(reason));
        }
        run.creates_processes(0)?;
        says(&run, "failed", "counter", counter, "since there is no child that could change it")?;
        says(&run, "failed", "errno", 11, "EAGAIN: that is why the system does not fork here")?;
        let of_the_driver =
            |line: &&str| line.starts_with("opening: ") || line.starts_with("failed: ");
        let others: Vec<_> = run.stdout().lines().filter(|line| !of_the_driver(line)).collect();
        let claim = "there is one process, which is neither parent nor child, and nothing is to be \
                     printed to standard output";
        run.check(Finding::wrong(claim).seeing(others.join("\n")).unless(others.is_empty()))
    });
}
