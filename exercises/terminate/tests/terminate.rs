//! Who ends when, and how, once the parent says so or is gone.

use std::cell::Cell;

use kit::observation::Exit;
use kit::{Checked, Finding, Random, Run, Verdict, program, property};

const TERMINATED: Exit = Exit::Signal(15);

fn scene(scene: &str) -> Checked<Run> {
    program!().arg("scene", scene).run()
}

/// Passes if main says `key=expected` when it looks at the child.
fn says(run: &Run, when: &str, key: &str, expected: &str) -> Checked {
    let seen: String = run.check(run.events().of("main").named(when).value(key))?;
    let moment = match when {
        "before" => "before `terminate`",
        "stopped" => "while it is stopped, which is no end,",
        "at-once" => "after a `terminate` that comes right behind its start",
        "after" => "after `terminate`",
        "seen" => "after it has ended by itself",
        "permitted" => "after a start that failed, one more that did not, and `terminate`",
        "joined" => "after a `join`",
        _ => "after one more `terminate` and a `join`",
    };
    let claim = format!("{moment} the child should say {key}={expected}, not {key}={seen}");
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(seen == expected))
}

#[test]
fn an_endless_reader_is_ended_by_sigterm() {
    property(|_| {
        let run = scene("reader")?;
        run.ends_well()?;
        run.creates_processes(1)?;
        let pid: i32 = run.check(run.events().named("before").value("pid"))?;
        run.ends_as(pid, TERMINATED)?;
        says(&run, "after", "code", "-15")?;
        // Another child has ended with a status of its own.
        let run = scene("beside")?;
        run.ends_well()?;
        says(&run, "after", "code", "-15")?;
        // A third one has not even begun when it is terminated.
        says(&run, "at-once", "code", "-15")?;
        let served = run.events().of("daemon");
        let claim = "a daemon serves until its parent is done with it, also when another child calls \
                     `exit`, or is terminated; this one was ended before";
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(served.len() == 1))
    });
}

#[test]
fn it_is_alive_before_and_not_after() {
    let looked = Cell::new(false);
    property(|_| {
        // It takes its time, and once is enough.
        let slow = if looked.replace(true) { "slow" } else { "slower" };
        for way in ["reader", slow] {
            let run = scene(way)?;
            run.ends_well()?;
            says(&run, "before", "alive", "true")?;
            says(&run, "before", "code", "none")?;
            // The slow child takes its time, and `terminate` waits for it.
            says(&run, "after", "alive", "false")?;
            says(&run, "after", "code", "-15")?;
            let pid: String = run.check(run.events().named("before").value("pid"))?;
            says(&run, "after", "pid", &pid)?;
        }
        // Whoever tidies up may end with a status of its own, as with the one by which a shell
        // tells of SIGTERM.
        let status = 143;
        let run = program!().arg("scene", "slow").arg("status", status).run()?;
        run.ends_well()?;
        says(&run, "stopped", "alive", "true")?;
        says(&run, "stopped", "code", "none")?;
        says(&run, "after", "alive", "false")?;
        says(&run, "after", "code", &status.to_string())?;
        let run = scene("seen")?;
        run.ends_well()?;
        says(&run, "seen", "alive", "false")?;
        says(&run, "seen", "code", "0")?;
        // Where the system refuses no processes, nothing is said.
        let run = scene("refused")?;
        run.ends_well()?;
        let started = run.events().of("main").named("started");
        let claim = "where the system permits no further process `start` should be an error";
        run.check(Finding::wrong(claim).seeing(started.to_string()).unless(started.is_empty()))?;
        if !run.events().of("main").named("permitted").is_empty() {
            says(&run, "permitted", "code", "-15")?;
        }
        Ok(())
    });
}

#[test]
fn whoever_has_ended_is_not_terminated_again() {
    property(|_| {
        let run = scene("reader")?;
        run.ends_well()?;
        says(&run, "again", "alive", "false")?;
        says(&run, "again", "code", "-15")?;
        let run = scene("over")?;
        run.ends_well()?;
        says(&run, "after", "alive", "false")?;
        says(&run, "after", "code", "0")?;
        // A look has seen its end and reaped it; neither a join nor a signal finds it any more.
        let run = scene("known")?;
        run.ends_well()?;
        says(&run, "again", "alive", "false")?;
        says(&run, "again", "code", "0")?;
        signals_nobody(&run)?;
        // Nor does the `drop` of a daemon's handle send one when a join has reaped the daemon.
        let run = program!().arg("scene", "joined").arg("kinds", "daemon").run()?;
        run.ends_well()?;
        signals_nobody(&run)
    });
}

/// Passes if every signal went to a child that had not been reaped.
fn signals_nobody(run: &Run) -> Checked {
    let strangers = run.events().of("main").named("signals").values("pid");
    let claim = format!(
        "a signal was sent to the pid of a child that had been reaped, {}; by then it may be a \
         stranger's",
        strangers.join(", ")
    );
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(strangers.is_empty()))
}

/// A few children, at least one of each kind.
///
/// The parent comes to an ordinary one first: nothing but the `drop` of its handle can put the
/// parent to sleep then, which is what the child waits for.
fn kinds(random: &mut Random) -> Vec<&'static str> {
    let mut kinds = vec!["ordinary", "daemon"];
    for _ in 0..random.pick(0..=2) {
        kinds.insert(random.pick(1..=kinds.len()), ["daemon", "ordinary"][random.pick(0..=1)]);
    }
    kinds
}

/// The pids of the children of one kind, as `pid` told them.
fn of_kind(run: &Run, kind: &str) -> Vec<i32> {
    let started = run.events().named("started").filter(|event| event.value("kind") == Some(kind));
    started.values("pid").iter().filter_map(|pid| pid.parse().ok()).collect()
}

#[test]
fn an_ordinary_child_is_waited_for() {
    property(|random| {
        let kinds = kinds(random);
        let run = program!().arg("scene", "leave").list("kinds", &kinds).run()?;
        run.ends_well()?;
        let ordinary = of_kind(&run, "ordinary");
        for pid in &ordinary {
            let child = run.check(run.processes()?.with_pid(*pid))?;
            let claim = "the `drop` of an ordinary child's handle should wait until it has ended, \
                         whatever signals the parent gets; one was not waited for";
            let finding = Finding::new(Verdict::Leak, claim).seeing(run.stdout());
            run.check(finding.unless(child.reaped != Some(false) && child.ended.is_some()))?;
            run.ends_as(*pid, Exit::Code(0))?;
        }
        let claim = "every ordinary child should finish its work";
        let difference = kit::compare_unordered(
            &ordinary.iter().map(i32::to_string).collect::<Vec<_>>(),
            &run.events().named("done").values("pid"),
        );
        run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))?;
        // Before the parent goes on: the call that lets the handle go is over.
        run.check(
            run.events().filter(|event| event.what != "leaves").happens_before("done", "end"),
        )?;
        // A join waits as well, whichever kind the child is of, and knows how it ended.
        let status = random.pick(1..=255) as i32;
        for (status, kind) in [(0, "ordinary"), (status, "daemon"), (-9, "ordinary")] {
            let program = program!().arg("scene", "joined").arg("kinds", kind);
            let run = program.arg("status", status).run()?;
            run.ends_well()?;
            for when in ["joined", "again"] {
                says(&run, when, "alive", "false")?;
                says(&run, when, "code", &status.to_string())?;
            }
        }
        Ok(())
    });
}

#[test]
fn a_daemon_ends_with_its_handle() {
    let looked = Cell::new(false);
    property(|random| {
        let mut kinds = kinds(random);
        if !looked.replace(true) {
            // It takes its time, and once is enough.
            kinds.push("slow");
        }
        let run = program!().arg("scene", "leave").list("kinds", &kinds).run()?;
        if run.deadlocked() && !run.events().named("leaves").is_empty() {
            let claim = "the parent waits for a daemon, which never ends by itself";
            let finding = Finding::new(Verdict::Deadlock, claim);
            return Err(run.found(finding.seeing(run.stdout())));
        }
        run.ends_well()?;
        run.leaves_nothing_behind()?;
        let daemons = [of_kind(&run, "daemon"), of_kind(&run, "slow")].concat();
        daemons.iter().try_for_each(|pid| run.ends_as(*pid, TERMINATED))
    });
}

#[test]
fn a_panic_leaves_nobody_behind() {
    property(|random| {
        let kinds = kinds(random);
        let run = program!().arg("scene", "panic").list("kinds", &kinds).run()?;
        run.ends_well()?;
        run.check(run.events().of("main").named("caught").number(1))?;
        run.leaves_nothing_behind()?;
        // An ordinary child is waited for, also by a parent that panics.
        of_kind(&run, "ordinary").iter().try_for_each(|pid| run.ends_as(*pid, Exit::Code(0)))
    });
}

#[test]
fn a_daemon_dies_with_a_parent_that_is_killed() {
    property(|_| {
        // The parent may be gone before its daemon can ask for a signal, or be killed while that
        // asks who its parent is.
        for (way, moment) in [
            ("killed", ""),
            ("orphan", " as soon as it had forked"),
            ("asked", " just when its daemon had asked for its pid"),
        ] {
            let run = scene(way)?;
            if !run.events().of("parent").named("daemon").is_empty() {
                let claim = "a child started a daemon, which ended before it had called its target";
                return Err(run.found(Finding::wrong(claim).seeing(run.stdout())));
            }
            if run.deadlocked() && !run.events().named("parent").is_empty() {
                let claim = format!("the parent was killed{moment}, and its daemon still runs");
                let finding = Finding::new(Verdict::Leak, claim);
                return Err(run.found(finding.seeing(run.stdout())));
            }
            run.ends_well()?;
            run.check(run.events().of("main").named("daemon").number(1))?;
            if way == "killed" {
                run.check(run.events().of("parent").number(1))?;
            }
        }
        Ok(())
    });
}

#[test]
fn whoever_is_terminated_is_reaped() {
    property(|_| {
        for way in ["reader", "over"] {
            let run = scene(way)?;
            run.ends_well()?;
            run.leaves_nothing_behind()?;
        }
        Ok(())
    });
}
