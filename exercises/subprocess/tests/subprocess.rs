//! What comes of running another program, whatever that program does.

use std::cell::Cell;
use std::time::Duration;

use kit::observation::Exit;
use kit::{Checked, Finding, Random, Run, Verdict, program, property};

/// The exit code of `linger` if it did not find its input whole.
const NOT_ALL: &str = "44";

fn call(part: &str, status: i32) -> Checked<Run> {
    program!().arg("do", "call").arg("play", part).arg("status", status).run()
}

fn communicate(part: &str, bytes: usize, status: i32) -> Checked<Run> {
    let program = program!().arg("do", "communicate").arg("play", part);
    program.arg("bytes", bytes).arg("status", status).run()
}

/// A status from 0 to 255, or a signal, written `-n`.
fn status(random: &mut Random) -> i32 {
    [0, random.pick(1..=255) as i32, 127, -9, -15][random.pick(0..=4)]
}

/// Passes if the one process that was created executed a program, which ended with `status`.
fn really_ran(run: &Run, status: i32) -> Checked {
    each_really_ran(run, 1, status)
}

/// Passes if as many processes were created, and each executed a program that ended with `status`.
fn each_really_ran(run: &Run, times: usize, status: i32) -> Checked {
    run.ends_well()?;
    run.creates_processes(times)?;
    (0..times).try_for_each(|number| one_really_ran(run, number, status))
}

/// Passes if the created process of this number executed a program that ended with `status`.
fn one_really_ran(run: &Run, number: usize, status: i32) -> Checked {
    let process = run.check(run.processes()?.created().nth(number))?;
    let claim = "a process was created, but it never executed a program";
    run.check(Finding::wrong(claim).unless(!process.executed.is_empty()))?;
    let expected = if status < 0 { Exit::Signal(-status) } else { Exit::Code(status) };
    run.ends_as(process.pid, expected)
}

/// Passes if `linger` ran, which starts a process of its own, and if no signal was an error.
fn linger_ran(run: &Run, status: i32) -> Checked {
    run.ends_well()?;
    let claim = "the caller got a signal while it waited (EINTR), which is no error";
    let errors = run.events().of("main").named("error");
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(errors.is_empty()))?;
    let meaning = "the exit code of a program that was stopped for a while before it ended";
    says(run, "code", status, meaning)?;
    run.creates_processes(2)?;
    one_really_ran(run, 0, status)
}

fn says(run: &Run, key: &str, expected: impl ToString, meaning: &str) -> Checked {
    let expected = expected.to_string();
    let seen: String = run.check(run.events().of("main").value(key))?;
    let claim = format!("{meaning}: expected {key}={expected}, saw {key}={seen}");
    run.check(Finding::wrong(claim).seeing(run.stdout()).unless(seen == expected))
}

/// Passes if both outputs came whole, and the exit code with them.
fn all_came(run: &Run, status: i32) -> Checked {
    really_ran(run, status)?;
    what_came(run, status)
}

fn what_came(run: &Run, status: i32) -> Checked {
    says(run, "stdout", "whole", "all that the program wrote to its standard output")?;
    says(run, "stderr", "whole", "all that the program wrote to its standard error")?;
    says(run, "code", status, "the exit code of the program")
}

#[test]
fn the_exit_code_of_a_call_is_passed_on() {
    property(|random| {
        for status in [0, status(random)] {
            let run = call("exit", status)?;
            really_ran(&run, status)?;
            says(&run, "code", status, "the exit code of the program")?;
        }
        // It sends its waiting caller signals, and is stopped for a while.
        linger_ran(&call("linger", 3)?, 3)?;
        let bytes = random.pick(1..=1_000);
        let counter = program!().arg("do", "call").arg("play", "count");
        let run = counter.stdin(vec![b'x'; bytes]).run()?;
        really_ran(&run, 0)?;
        let claim =
            format!("the caller has {bytes} bytes to be read, and the program should find them");
        let found = run.stdout().starts_with(&bytes.to_string());
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(found))?;
        // Not the caller's words and ears, but the files themselves.
        let run = program!().arg("do", "call").arg("play", "files").run()?;
        really_ran(&run, 0)?;
        let has: String = run.check(run.events().of("program").value("has"))?;
        let meaning = "the program's input and outputs should be the very files of the caller";
        says(&run, "had", has, meaning)?;
        // Nobody but the program reads its arguments: no shell, and nothing that cuts them.
        let words = format!("  *  $HOME 'a b\"; \\ {} \n", random.pick(1..=9999));
        let run = program!().arg("do", "call").arg("play", "echo").arg("words", &words).run()?;
        really_ran(&run, 0)?;
        let claim = "an argument should arrive as it is, and both outputs should be the caller's";
        let both = [run.stdout(), &run.observation().stderr.text];
        let finding = Finding::wrong(claim).seeing(both.join("\n"));
        run.check(finding.unless(both.iter().all(|output| output.contains(&words))))
    });
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    property(|random| {
        let missing = format!("/no/such/program-{}", random.pick(1..=9999));
        for way in ["call", "communicate"] {
            let program = program!().arg("do", way).arg("program", &missing);
            let run = program.arg("scarce", 1).run()?;
            run.ends_well()?;
            let errors = run.events().of("main").named("error");
            let error = errors.filter(|error| error.value("case") == Some("program"));
            let claim = format!("there is no {missing}, so `{way}` should be an error, once");
            run.check(Finding::wrong(claim).seeing(run.stdout()).unless(error.len() == 1))?;
            let kind: String = run.check(error.value("kind"))?;
            let claim = format!("the kind of the error should be NotFound, it is {kind}");
            run.check(Finding::wrong(claim).seeing(run.stdout()).unless(kind == "NotFound"))?;
            let unnamed = errors.filter(|error| error.value("named") != Some("true"));
            let claim = "the text of an error should name the program, for whatever reason it cannot \
                         be run, be it (scarce) that few descriptors can be opened";
            let name = missing.rsplit('/').next().unwrap_or_default();
            let stderr = &run.observation().stderr.text;
            let said = stderr.lines().find(|line| !line.contains(name)).unwrap_or_default();
            run.check(Finding::wrong(claim).seeing(said).unless(unnamed.is_empty()))?;
            run.leaves_nothing_behind()?;
            // What is there and cannot be run; names that hold no program; and a program that is
            // there and may be run, but only `exec` can tell that it is not, for an argument.
            let run = program!().arg("do", way).arg("refused", 1).run()?;
            run.ends_well()?;
            for (case, kind) in [
                ("folder", "PermissionDenied"),
                ("through-a-file", "NotADirectory"),
                ("long-path", "InvalidFilename"),
                ("odd-path", "NotFound"),
                ("long-argument", "ArgumentListTooLong"),
                // The system never sees this one.
                ("nul-in-an-argument", ""),
            ] {
                let error = run.events().filter(|event| event.value("case") == Some(case));
                let seen = error.iter().find_map(|error| error.value("kind"));
                let of_kind = if kind.is_empty() { kind } else { &format!(" of kind {kind}") };
                let claim = format!(
                    "the system does not run this program ({case}), so `{way}` should be an \
                     error{of_kind}; it is {}",
                    seen.unwrap_or("none")
                );
                let right = seen.is_some_and(|seen| kind.is_empty() || seen == kind);
                run.check(Finding::wrong(claim).seeing(run.stdout()).unless(right))?;
                // There are several ways to write what is no text.
                let named = error.iter().find_map(|error| error.value("named"));
                let claim = format!("the error does not name the program ({case})");
                let right = case == "odd-path" || kind.is_empty() || named == Some("true");
                run.check(Finding::wrong(claim).seeing(run.stdout()).unless(right))?;
            }
            run.leaves_nothing_behind()?;
        }
        Ok(())
    });
}

#[test]
fn input_and_outputs_arrive_whole() {
    property(|random| {
        let status = status(random);
        all_came(&communicate("mirror", random.pick(0..=3000), status)?, status)?;
        let program = program!().arg("do", "communicate").arg("play", "echo");
        // With its outputs closed a program has not ended: it reads its input then, more than a pipe
        // holds, and ends by itself; before and after it sends its waiting caller signals.
        let bytes = random.pick(140_000..=200_000);
        let linger = program!().arg("do", "communicate").arg("play", "linger").arg("status", 3);
        let run = linger.arg("bytes", bytes).arg("words", bytes).run()?;
        let code: String = run.check(run.events().of("main").value("code"))?;
        let claim = "a program that closes its outputs first, and reads its input then, should get \
                     all of that";
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(code != NOT_ALL))?;
        linger_ran(&run, 3)?;
        what_came(&run, 3)?;
        // Blanks at the end are output, too.
        all_came(&program.arg("words", " two words \n\n").run()?, 0)?;
        // What another program wrote before does not belong to it.
        let program = program!().arg("do", "communicate").arg("play", "mirror");
        let run = program.arg("bytes", random.pick(300..=3000)).arg("times", 3).run()?;
        each_really_ran(&run, 3, 0)?;
        what_came(&run, 0)
    });
}

#[test]
fn large_input_and_outputs_arrive_whole() {
    let looked = Cell::new(false);
    property(|random| {
        // A pipe holds 65 536 bytes. More than 8 MiB take their time, and once is enough.
        let bytes = if looked.replace(true) { 1_100_000 } else { 9_000_000 };
        let bytes = bytes + random.pick(0..=100_000);
        let program = program!().arg("do", "communicate").arg("play", "mirror").arg("bytes", bytes);
        // On a busy machine they take longer still; who waits for ever is found out before.
        all_came(&program.within(Duration::from_secs(30)).run()?, 0)
    });
}

#[test]
fn a_program_that_writes_before_it_reads_is_heard() {
    property(|random| all_came(&communicate("flood", random.pick(140_000..=200_000), 0)?, 0));
}

#[test]
fn the_input_is_closed_behind_its_last_byte() {
    property(|random| {
        all_came(&communicate("count", random.pick(1..=5000), 0)?, 0)?;
        // Without input there is nothing to be read, whatever the caller itself could read.
        let program = program!().arg("do", "communicate").arg("play", "count").arg("bytes", 0);
        all_came(&program.stdin(vec![b'x'; random.pick(1..=1_000)]).run()?, 0)
    });
}

#[test]
fn a_program_that_does_not_read_is_no_error() {
    property(|random| {
        let status = status(random);
        let run = communicate("deaf", random.pick(140_000..=200_000), status)?;
        run.ends_well()?;
        let errors = run.events().of("main").named("error");
        let claim = "a program may end before it has read all its input; that is no error";
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(errors.is_empty()))?;
        all_came(&run, status)?;
        // One that does not read may still have a lot to say.
        all_came(&communicate("scorn", random.pick(140_000..=200_000), 0)?, 0)
    });
}

#[test]
fn nothing_stays_open_and_nobody_unreaped() {
    property(|random| {
        for (way, part) in [("call", "exit"), ("communicate", "mirror")] {
            // The caller has another child, which has ended before.
            let program = program!().arg("do", way).arg("play", part).arg("other", 77);
            let run = program.arg("bytes", random.pick(1..=3000)).run()?;
            run.ends_well()?;
            let taken = run.events().filter(|event| event.value("other") == Some("taken"));
            let claim =
                format!("the caller has another child, and `{way}` has waited for that one");
            run.check(Finding::wrong(claim).seeing(run.stdout()).unless(taken.is_empty()))?;
            run.leaves_nothing_behind()?;
            as_before(&run)?;
        }
        for way in ["call", "communicate"] {
            // Nor after tries with few descriptors left, in the midst of which there is none.
            let program = program!().arg("do", way).arg("program", "/no/such/program");
            let run = program.arg("scarce", 1).run()?;
            // Who says it twice has a child that goes on, which is another test's matter.
            let said = run.events().filter(|event| event.value("descriptors").is_some());
            if said.len() < 2 {
                as_before(&run)?;
            }
        }
        Ok(())
    });
}

/// Passes if as many descriptors are open behind the call as before it, and signals are treated alike.
fn as_before(run: &Run) -> Checked {
    run.ends_well()?;
    let descriptors: String = run.check(run.events().of("main").value("descriptors"))?;
    let (before, after) = descriptors.split_once(',').unwrap_or_default();
    let claim = format!("{before} descriptors were open before the call, {after} are behind it");
    let finding = Finding::new(Verdict::Leak, claim);
    run.check(finding.unless(before == after))?;
    let meaning =
        "whether the caller's signals are blocked, ignored and handled as before the call";
    says(run, "signals", "kept", meaning)
}
