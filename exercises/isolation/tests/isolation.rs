//! What is left of a program whose task crashes.

use std::collections::BTreeSet;

use kit::observation::Exit;
use kit::{Checked, Finding, Random, Run, program, property};

fn run(place: &str, tasks: &[&str]) -> Checked<Run> {
    program!().arg("place", place).list("tasks", tasks).run()
}

/// Some tasks, at least one of each way that is given, in any order.
fn some_of(random: &mut Random, ways: &[&'static str]) -> Vec<&'static str> {
    let mut tasks = ways.to_vec();
    for _ in 0..random.pick(0..=2) {
        tasks.push(ways[random.pick(0..=ways.len() - 1)]);
    }
    for last in (1..tasks.len()).rev() {
        tasks.swap(last, random.pick(0..=last));
    }
    tasks
}

/// Passes if each task is said to have ended as `expected` says.
fn ended(run: &Run, tasks: &[&str], expected: impl Fn(&str) -> String) -> Checked {
    run.ends_well()?;
    for (number, task) in (1..).zip(tasks) {
        let said = run.events().of(&format!("end-{number}"));
        let seen: Vec<_> = said.iter().map(|event| event.what.as_str()).collect();
        let expected = expected(task);
        let claim = format!(
            "a task that was told to `{task}` should be reported once, as `{expected}`; \
             it is reported as {seen:?}"
        );
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(seen == [&expected]))?;
    }
    Ok(())
}

/// Passes if one process was created for each task, and each ended as its task says.
fn really_ended(run: &Run, tasks: &[&str], exit: impl Fn(&str) -> Exit) -> Checked {
    run.creates_processes(tasks.len())?;
    for (number, task) in tasks.iter().enumerate() {
        let process = run.check(run.processes()?.created().nth(number))?;
        run.ends_as(process.pid, exit(task))?;
    }
    Ok(())
}

#[test]
fn a_task_in_a_process_that_returns_or_exits_is_told_so() {
    property(|random| {
        let tasks = some_of(random, &["return", "exit"]);
        // 137 is a status like any other, though a shell tells signal 9 by it.
        for status in [[1, 3, 100, 102][random.pick(0..=3)], 137] {
            let program = program!().arg("place", "process").list("tasks", &tasks);
            let run = program.arg("status", status).run()?;
            ended(&run, &tasks, |task| match task {
                "exit" => format!("exited with {status}"),
                _ => "finished".to_owned(),
            })?;
            let exit = |task: &str| Exit::Code(if task == "exit" { status } else { 0 });
            really_ended(&run, &tasks, exit)?;
        }
        // Whoever is stopped has not ended; a panic that a task catches is its own affair, and so is
        // what it leaves behind, also if it exits; and the caller may get a signal while it waits.
        let tasks =
            ["stop", "caught", "inner", "interrupt", "large", "background", "background-exit"];
        let run = run("process", &tasks)?;
        ended(&run, &tasks, |_| "finished".to_owned())?;
        let claim = "a process that a task has started and left running should go on; it was ended";
        let stopped = run.events().of("left");
        run.check(Finding::wrong(claim).unless(stopped.is_empty()))
    });
}

#[test]
fn the_parent_survives_a_panic_in_the_child() {
    property(|random| {
        let tasks = some_of(random, &["panic", "panic-value", "return"]);
        let run = run("process", &tasks)?;
        let as_told = |task: &str| match task {
            "return" => "finished".to_owned(),
            _ => "panicked".to_owned(),
        };
        ended(&run, &tasks, as_told)?;
        really_ended(&run, &tasks, |task| Exit::Code(if task == "return" { 0 } else { 101 }))?;
        // The caller may have another child, which has ended.
        let program = program!().arg("place", "process").list("tasks", &tasks);
        let run = program.arg("other", 77).run()?;
        ended(&run, &tasks, as_told)?;
        let claim = "another child of the caller's, which had ended, should be left alone; it was \
                     waited for";
        let taken = run.events().of("other");
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(taken.is_empty()))
    });
}

#[test]
fn the_parent_survives_abort_and_sigsegv_in_the_child() {
    property(|random| {
        let tasks = some_of(random, &["abort", "segv"]);
        let run = run("process", &tasks)?;
        ended(&run, &tasks, |task| match task {
            "abort" => "killed by SIGABRT".to_owned(),
            _ => "killed by SIGSEGV".to_owned(),
        })?;
        really_ended(&run, &tasks, |task| Exit::Signal(if task == "abort" { 6 } else { 11 }))
    });
}

#[test]
fn every_signal_has_its_name() {
    property(|_| {
        // The numbers of Linux.
        let names = [(4, "SIGILL"), (7, "SIGBUS"), (8, "SIGFPE"), (9, "SIGKILL"), (15, "SIGTERM")];
        let others = [1, 2, 3, 10, 12, 13, 14].map(|signal| (signal, format!("signal {signal}")));
        let names = names.map(|(signal, name)| (signal, name.to_owned()));
        for (signal, name) in names.into_iter().chain(others) {
            let program = program!().arg("place", "process").list("tasks", &["signal"]);
            let run = program.arg("signal", signal).run()?;
            ended(&run, &["signal"], |_| format!("killed by {name}"))?;
            really_ended(&run, &["signal"], |_| Exit::Signal(signal))?;
        }
        Ok(())
    });
}

#[test]
fn the_child_never_comes_back_into_the_caller() {
    property(|random| {
        let run = run("process", &some_of(random, &["return", "panic", "silent", "silent-panic"]))?;
        run.ends_well()?;
        let parent = run.check(run.processes()?.nth(0))?.pid.to_string();
        let left = run.events().of("caller").values("pid");
        let claim = format!(
            "the caller's values should be dropped once, by process {parent}; they were dropped \
             by {left:?}"
        );
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(left == [parent.as_str()]))?;
        let said = run.events().of("goodbye").values("pid");
        let claim = format!(
            "what the caller has registered with `atexit` should be done once, by process {parent}; \
             it was done by {said:?}: a child ends by `_exit`"
        );
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(said == [parent]))?;
        let silent = run.events().filter(|event| event.what.contains("is=silent")).len();
        let spoken = run.stdout().matches("caller: speaks").count();
        let claim = format!(
            "the caller has printed {silent} words that were not flushed when the child was forked; \
             they came out {spoken} times: the child has written its copy as well"
        );
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(spoken == silent))
    });
}

#[test]
fn a_panic_in_a_thread_is_caught_at_the_join() {
    property(|random| {
        let ways = ["panic", "panic-text", "panic-value", "return", "caught", "inner", "large"];
        let tasks = some_of(random, &ways);
        let run = run("thread", &tasks)?;
        ended(&run, &tasks, |task| match task {
            // A panic that a task catches, or that its own task is ended by, does not end it.
            "return" | "caught" | "inner" | "large" => "finished".to_owned(),
            _ => "panicked".to_owned(),
        })
    });
}

#[test]
fn a_crash_in_a_thread_takes_the_process() {
    property(|random| {
        let (task, signal) = [("abort", 6), ("segv", 11)][random.pick(0..=1)];
        let run = run("thread", &["return", task, "return"])?;
        // The program itself: a thread shares the fate of its process.
        let program = run.check(run.processes()?.nth(0))?.pid;
        run.ends_as(program, Exit::Signal(signal))
    });
}

#[test]
fn a_variable_is_copied_for_a_process_and_shared_with_a_thread() {
    property(|random| {
        let tasks = vec!["return"; random.pick(2..=4)];
        for (place, counts) in
            [("process", vec![0; tasks.len()]), ("thread", (1..=tasks.len()).collect())]
        {
            let run = run(place, &tasks)?;
            run.ends_well()?;
            for (number, expected) in (1..).zip(counts) {
                let seen: usize =
                    run.check(run.events().of(&format!("task-{number}")).value("counter"))?;
                let claim = format!(
                    "after {number} tasks in a {place}, each of which added 1, the caller's counter \
                     should be {expected}; it is {seen}"
                );
                run.check(Finding::wrong(claim).seeing(run.stdout()).unless(seen == expected))?;
            }
            inside(&run, place, tasks.len())?;
        }
        Ok(())
    });
}

/// Passes if the tasks ran where they should: in processes that were created, or in new threads.
fn inside(run: &Run, place: &str, tasks: usize) -> Checked {
    let pids: BTreeSet<_> = run.events().of("inside").values("pid").into_iter().collect();
    let processes = run.processes()?;
    let (expected, threads) = match place {
        "process" => (processes.created(), 0),
        _ => (processes.filter(|process| process.parent.is_none()), tasks),
    };
    let expected: BTreeSet<_> = expected.iter().map(|process| process.pid.to_string()).collect();
    let claim = format!("the tasks should run in the processes {expected:?}; they ran in {pids:?}");
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(pids == expected))?;
    if threads > 0 {
        let first = run.events().of("inside").values("first-thread");
        let claim = "each task should run in a thread of its own, not in the caller's";
        run.check(
            Finding::wrong(claim).seeing(run.stdout()).unless(first == vec!["false"; threads]),
        )?;
        let created = run.threads_created()?;
        let claim =
            format!("one thread should be created for each of {threads} tasks, saw {created}");
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(created == threads))?;
    }
    Ok(())
}

#[test]
fn what_cannot_be_created_is_an_error() {
    property(|_| {
        for place in ["process", "thread"] {
            let run = program!().arg("place", place).arg("refuse", 1).run()?;
            run.ends_well()?;
            if !run.events().of("main").named("cannot").is_empty() {
                let reason = "this system does not limit the number of the program's processes";
                return Err(Finding::not_checkable(reason));
            }
            let seen = run.events().to_string();
            let claim = format!("there is no {place} for the task, so the call should be an error");
            run.check(Finding::wrong(claim).seeing(&seen).unless(seen.trim() == "end-1: error"))?;
        }
        Ok(())
    });
}

#[test]
fn nobody_is_left_behind() {
    property(|random| {
        let tasks = some_of(random, &["return", "panic", "abort", "exit"]);
        let run = run("process", &tasks)?;
        run.ends_well()?;
        run.leaves_nothing_behind()
    });
}
