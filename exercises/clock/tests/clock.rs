//! What holds for a type that runs as a process, and for the clock among them.

use std::cell::Cell;
use std::str::FromStr;
use std::time::{Duration, Instant};

use kit::observation::Process;
use kit::{Checked, Events, Finding, Random, Run, Verdict, program, property};

/// Two clocks that nobody sets back may differ by this part of the time that has gone by: the system
/// makes one of them go faster or slower until it is right.
const ALIKE: u32 = 1000;

/// Two or three clocks: how many, how often they tick, and how many microseconds apart.
fn clocks(random: &mut Random) -> Checked<(Run, usize, usize, usize)> {
    let (clocks, ticks) = (random.pick(1..=2), [3, 5, random.pick(1..=8)][random.pick(0..=2)]);
    let interval = [900, random.pick(1..=6) * 1000 - 100][random.pick(0..=1)];
    let program = program!().arg("clocks", clocks).arg("ticks", ticks);
    let run = program.arg("interval", interval as f64 / 1e3).run()?;
    Ok((run, clocks, ticks, interval))
}

/// The processes that were created: the greeter's, then those of the clocks.
fn created(run: &Run, count: usize) -> Checked<&[Process]> {
    run.ends_well()?;
    let stray = run.events().of("stray");
    let claim = "a child should end when its `run` is done; it came back from `start`";
    run.check(Finding::wrong(claim).seeing(stray.to_string()).unless(stray.is_empty()))?;
    run.creates_processes(count)?;
    Ok(run.observation().processes.get(1..).unwrap_or_default())
}

/// What the clock in `process` printed.
fn ticks_of(run: &Run, process: &Process) -> Events {
    let pid = process.pid.to_string();
    run.events().of("clock").filter(|event| event.value("pid") == Some(&pid))
}

/// The values of `key`, in the order of printing.
fn numbers<T: FromStr>(run: &Run, ticks: &Events, key: &str) -> Checked<Vec<T>> {
    let number = |value: Option<&str>| value.and_then(|value| value.parse().ok());
    let numbers: Option<Vec<_>> = ticks.iter().map(|tick| number(tick.value(key))).collect();
    let claim = format!("every tick should be a line with a number as `{key}=`");
    numbers.ok_or_else(|| run.found(Finding::wrong(claim).seeing(ticks.to_string())))
}

#[test]
fn the_clock_ticks_as_often_as_it_was_told_to() {
    property(|random| {
        // Every tick is late here, as nobody sleeps for so short a time.
        let (clocks, ticks) = (random.pick(1..=2), random.pick(3..=8));
        let program = program!().arg("clocks", clocks).arg("ticks", ticks).arg("interval", 0.01);
        let run = program.run()?;
        let processes = created(&run, clocks + 1)?;
        let expected: Vec<_> = (1..=ticks as u128).collect();
        for process in processes.iter().skip(1) {
            let said = ticks_of(&run, process);
            let seen: Vec<u128> = numbers(&run, &said, "tick")?;
            let claim = format!("the ticks should be {expected:?}, they are {seen:?}");
            run.check(Finding::wrong(claim).seeing(run.stdout()).unless(seen == expected))?;
        }
        run.check(run.events().of("clock").number(clocks * ticks))?;
        let run = program!().arg("ticks", 0).run()?;
        created(&run, 2)?;
        run.check(run.events().of("clock").number(0))
    });
}

#[test]
fn the_time_goes_up_from_tick_to_tick() {
    let looked = Cell::new(false);
    property(|random| {
        let (run, clocks, _, interval) = clocks(random)?;
        let mut waits = true;
        for process in created(&run, clocks + 1)?.iter().skip(1) {
            goes_up(&run, process, "each time should be greater than the one before")?;
            let interval = Duration::from_micros(interval as u64);
            waits &= none_early(&run, process, interval, "").is_ok();
        }
        let run = program!().arg("ticks", 6).arg("interval", 0.9).arg("back", 1).run()?;
        let claim = "each time should be greater than the one before, although somebody sets the \
                     time of day back";
        for process in created(&run, 2)?.iter().skip(1) {
            let times = goes_up(&run, process, claim)?;
            // Whoever is early anyhow is another test's matter.
            if waits {
                let why = ", while somebody sets the time of day back";
                none_early(&run, process, Duration::from_micros(900), why)?;
            }
            let measured = times.iter().any(|time| time % 1000 != 0) || !tells_nanoseconds();
            let claim = "the times should be those that a clock tells, in nanoseconds; all of them \
                         are whole microseconds";
            run.check(Finding::wrong(claim).seeing(format!("{times:?}")).unless(measured))?;
        }
        if looked.replace(true) {
            return Ok(());
        }
        // Whoever wakes up finds several ticks due.
        let run = program!().arg("ticks", 200).arg("interval", 0.01).run()?;
        let claim = "each time should be greater than the one before, also of ticks that are late";
        created(&run, 2)?.iter().skip(1).try_for_each(|process| {
            goes_up(&run, process, claim)?;
            Ok(())
        })
    });
}

/// Whether the clock of this system is that fine.
fn tells_nanoseconds() -> bool {
    let start = Instant::now();
    (0..20).any(|_| !start.elapsed().as_nanos().is_multiple_of(1000))
}

/// The times of a clock's ticks, if each is greater than the one before.
fn goes_up(run: &Run, process: &Process, claim: &str) -> Checked<Vec<i128>> {
    let times = numbers(run, &ticks_of(run, process), "time")?;
    let up = !times.is_empty() && times.is_sorted_by(|one, next| one < next);
    let seen = format!("{times:?}\n{}", run.observation().stderr.text);
    run.check(Finding::wrong(claim).seeing(seen).unless(up))?;
    Ok(times)
}

#[test]
fn no_tick_comes_before_its_time() {
    let looked = Cell::new(false);
    property(|random| {
        let (run, clocks, ticks, interval) = clocks(random)?;
        in_time(&run, clocks, ticks, Duration::from_micros(interval as u64))?;
        // It takes a second, and once is enough.
        if looked.replace(true) {
            return Ok(());
        }
        sleeps_meanwhile()?;
        sleeps_to_the_end()?;
        sleeps_on()
    });
}

/// Passes if no tick of the clocks came early, or later than the system saw the clock's end.
fn in_time(run: &Run, clocks: usize, ticks: usize, interval: Duration) -> Checked {
    for process in created(run, clocks + 1)?.iter().skip(1) {
        let times = none_early(run, process, interval, "")?;
        // The times are the clock's own words; how long it lived is the system's.
        let lived = process.ended.map(|ended| ended.saturating_sub(process.started));
        let longest = lived.map(|lived| (lived + lived / ALIKE).as_nanos());
        let late = times.iter().find(|&&time| longest.is_some_and(|longest| time > longest));
        if let Some(time) = late {
            let claim = format!(
                "a tick came {time} ns after `run` began, longer than the clock's process lived"
            );
            return Err(run.found(Finding::wrong(claim).seeing(run.stdout())));
        }
        let least = interval * ticks as u32;
        let least = least - least / ALIKE;
        let claim = format!(
            "a clock that ticks {ticks} times every {interval:?} lives for {least:?} at least; \
             it lived for {:?}",
            lived.unwrap_or_default()
        );
        run.check(Finding::wrong(claim).unless(lived.is_none_or(|lived| lived >= least)))?;
    }
    Ok(())
}

/// The times of a clock's ticks, if none of them came early.
fn none_early(run: &Run, clock: &Process, interval: Duration, why: &str) -> Checked<Vec<u128>> {
    let times = numbers(run, &ticks_of(run, clock), "time")?;
    let due = (1..).map(|tick| interval * tick);
    let early = |time: u128, due: Duration| time < (due - due / ALIKE).as_nanos();
    let early = times.iter().zip(due).find(|&(&time, due)| early(time, due));
    if let Some((time, due)) = early {
        let due = due.as_nanos();
        let claim = format!("a tick that is due after {due} ns came after {time} ns{why}");
        return Err(run.found(Finding::wrong(claim).seeing(run.stdout())));
    }
    Ok(times)
}

/// Passes if a clock that ticks 150 times in 1050 ms, more than a second, is in time all the while
/// and uses the processor for 30 ms at most.
fn sleeps_meanwhile() -> Checked {
    let run = program!().arg("ticks", 150).arg("interval", 7).run()?;
    in_time(&run, 1, 150, Duration::from_millis(7))?;
    let clock = created(&run, 2)?.get(1).and_then(|clock| clock.resources);
    let Some(used) = clock.map(|used| used.user + used.system) else { return Ok(()) };
    let claim = format!("between its ticks the clock should sleep; it used the processor {used:?}");
    let asleep = used < Duration::from_millis(30);
    run.check(Finding::new(Verdict::Livelock, claim).unless(asleep))
}

/// Passes if a clock that ticks 200 times in 40 ms looks at the time less than 4000 times; six looks
/// for a tick are many.
fn sleeps_to_the_end() -> Checked {
    let program = program!().arg("ticks", 200).arg("interval", 0.2).arg("looks", 4000);
    let run = program.run()?;
    created(&run, 2)?;
    let awake = run.events().of("looks");
    let claim = "until its next tick the clock should sleep, also for the last bit; one that ticks \
                 200 times in 40 ms looked at the time more than 4000 times";
    let finding = Finding::new(Verdict::Livelock, claim).seeing(awake.to_string());
    run.check(finding.unless(awake.is_empty()))
}

/// Passes if no tick of a clock comes early, whose sleep is long and is interrupted by signals.
fn sleeps_on() -> Checked {
    // A little more than 32 bits of nanoseconds hold.
    let interval = Duration::from_millis(4295);
    let program =
        program!().arg("kill", 1).arg("ticks", 1000).arg("interval", interval.as_millis());
    let run = program.within(Duration::from_secs(5)).run()?;
    // A start that waits for the clock is another test's matter.
    if run.observation().hang.is_some() {
        return Ok(());
    }
    let why = ": such a sleep is long, and a signal may interrupt it";
    for process in created(&run, 3)? {
        none_early(&run, process, interval, why)?;
    }
    Ok(())
}

#[test]
fn run_is_executed_in_another_process() {
    property(|random| {
        let (run, clocks, ..) = clocks(random)?;
        let created: Vec<_> =
            created(&run, clocks + 1)?.iter().map(|one| one.pid.to_string()).collect();
        let mut at_work = run.events().of("greeter").values("pid");
        at_work.extend(run.events().of("clock").values("pid"));
        at_work.sort();
        at_work.dedup();
        same(
            &run,
            "each `run` should be executed in a process that was created",
            &created,
            &at_work,
        )?;
        let told = run.events().named("started").values("pid");
        same(&run, "`pid` should tell the process that was created", &created, &told)?;
        let run = program!().arg("refuse", 1).run()?;
        run.ends_well()?;
        let said = run.events().to_string();
        let claim = "where the system permits no further process `start` should be an error, and \
                     `run` is not executed";
        let right = ["main: refused", "main: cannot refuse processes here"].contains(&said.trim());
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(right))
    });
}

fn same(run: &Run, claim: &str, expected: &[String], seen: &[String]) -> Checked {
    let difference = kit::compare_unordered(expected, seen);
    run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
}

#[test]
fn any_type_with_run_can_be_started() {
    property(|random| {
        let count = random.pick(1..=4);
        let mut words: Vec<_> = random.numbers(count).iter().map(i64::to_string).collect();
        let run = program!().list("words", &words).arg("clocks", 0).run()?;
        created(&run, 1)?;
        words.reverse();
        let seen: String = run.check(run.events().of("greeter").value("words"))?;
        let claim =
            format!("the greeter should say words={}, once; it says {seen}", words.join(","));
        run.check(Finding::wrong(claim).unless(seen == words.join(",")))
    });
}

#[test]
fn start_returns_while_the_process_runs() {
    let looked = Cell::new(false);
    property(|_| {
        let run = program!().arg("gate", 1).run()?;
        if run.deadlocked() && run.events().named("started").is_empty() {
            let finding = match run.processes_created()? {
                0 => Finding::wrong("`run` was called in the parent: no process was created"),
                _ => Finding::new(
                    Verdict::Serialised,
                    "`start` waits for the end of the process that it has started",
                ),
            };
            return Err(run.found(finding.seeing(run.stdout())));
        }
        run.ends_well()?;
        // It takes its time, and once is enough.
        if looked.replace(true) {
            return Ok(());
        }
        // A right program ends soon; the bound is for a clock that has its lines in store.
        let program = program!().arg("watch", 1).arg("ticks", 10_000).arg("interval", 40);
        let run = program.within(Duration::from_secs(5)).run()?;
        let watched = run.events().named("watched");
        if run.observation().hang.is_some() && watched.is_empty() {
            let claim = "the line of a tick should be printed when the tick comes; after 5 s there \
                         are not yet two of a clock that ticks every 40 ms";
            return Err(run.found(Finding::new(Verdict::Timeout, claim)));
        }
        created(&run, 1)?;
        let right: bool = run.check(watched.value("right"))?;
        let claim = "the first two lines of a clock should say which process it is";
        run.check(Finding::wrong(claim).unless(right))
    });
}

#[test]
fn the_join_tells_the_end_and_reaps() {
    property(|random| {
        let (run, clocks, ..) = clocks(random)?;
        run.ends_well()?;
        run.leaves_nothing_behind()?;
        created(&run, clocks + 1)?;
        let codes = run.events().named("joined").values("code");
        let expected = vec!["0".to_owned(); clocks + 1];
        same(&run, "every process should have ended with status 0", &expected, &codes)?;
        // Whoever is joined has said all that it has to say.
        run.check(run.events().named("end").number(1))?;
        let status = random.pick(0..=99);
        let program = program!().arg("kill", 1).arg("ticks", 1000).arg("interval", 1000);
        // A right program ends at once; the bound is for a start that waits for the clock.
        let run = program.arg("status", status).within(Duration::from_secs(5)).run()?;
        if run.observation().hang.is_some() && run.processes_created()? == 1 {
            let claim = "`start` waits for the end of the process that it has started";
            return Err(run.found(Finding::new(Verdict::Serialised, claim)));
        }
        created(&run, 3)?;
        for (who, how, expected) in [
            ("greeter", "was stopped, which is no end, and went on", status as i32),
            ("clock", "was killed, and its core dumped", -9),
        ] {
            let code: i32 = run.check(run.events().of("main").named(who).value("code"))?;
            let claim = format!("the {who} {how}; its join should tell {expected}, it told {code}");
            run.check(Finding::wrong(claim).unless(code == expected))?;
        }
        run.leaves_nothing_behind()?;
        let run = program!().arg("ticks", 1).arg("interval", 200).run()?;
        created(&run, 2)?;
        let caller = run.check(run.processes()?.nth(0))?.resources;
        let Some(caller) = caller else { return Ok(()) };
        let used = caller.user + caller.system;
        let claim = format!(
            "the join should wait asleep; in 200 ms the caller used the processor {used:?}"
        );
        let asleep = used < Duration::from_millis(30);
        run.check(Finding::new(Verdict::Livelock, claim).unless(asleep))?;
        // One that sleeps on gives the processor up less than twenty times in the whole run.
        let claim = "the join should sleep until the process ends; it wakes up again and again, by \
                     the clock, to ask";
        let sleeps_on = caller.voluntary_switches < 60;
        run.check(Finding::new(Verdict::Timeout, claim).unless(sleeps_on))
    });
}
