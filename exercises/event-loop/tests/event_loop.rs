//! What an event loop promises, whoever speaks first.

use std::cell::Cell;
use std::time::Duration;

use kit::observation::HangKind;
use kit::{Checked, Finding, Program, Random, Run, Verdict, program, property};

fn world(sources: usize, lines: usize) -> Program {
    program!().arg("sources", sources).arg("lines", lines)
}

fn sizes(random: &mut Random) -> (usize, usize) {
    (random.pick(2..=6), random.pick(1..=5))
}

/// A line as the world writes it.
fn line(source: usize, at: usize, words: usize) -> String {
    let word = |word| format!("é{}数🦀", source * 1000 + at * 100 + word);
    let words: Vec<_> = (0..words).map(word).collect();
    if words.len() < 20 { words.join(" ") } else { format!("\t {} \t\r", words.join(" ")) }
}

/// What the handler of a source says of a line.
fn told(line: &str) -> String {
    if line.len() < 80 {
        return format!("line={line}");
    }
    let sum = line.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 1_000_003);
    format!("bytes={} sum={sum}", line.len())
}

/// Passes if source number `source` was heard to say so many lines, and then to end.
fn heard(run: &Run, source: usize, lines: usize, words: usize) -> Checked {
    heard_to_say(run, source, (0..lines).map(|at| line(source, at, words)))
}

fn heard_to_say(run: &Run, source: usize, lines: impl Iterator<Item = String>) -> Checked {
    let who = format!("source-{source}");
    let expected: Vec<_> = lines.map(|line| told(&line)).chain(["end".to_owned()]).collect();
    let seen: Vec<_> = run.events().of(&who).iter().map(|event| event.what.clone()).collect();
    let evidence = kit::compare(&expected.join("\n"), &seen.join("\n"));
    let claim = format!("{who} should be heard line by line, and then its end");
    run.check(Finding::wrong(claim).seeing(evidence).unless(expected == seen))
}

#[test]
fn every_line_arrives_whole_and_in_order() {
    property(|random| {
        let (sources, lines) = sizes(random);
        let words = random.pick(1..=5);
        let run = world(sources, lines).arg("words", words).run()?;
        run.ends_well()?;
        (0..sources).try_for_each(|source| heard(&run, source, lines, words))?;
        // Sources that end and have not said a word; many of them.
        for (sources, lines) in [(sources, 0), (random.pick(20..=40), 1)] {
            let run = world(sources, lines).run()?;
            run.ends_well()?;
            (0..sources).try_for_each(|source| heard(&run, source, lines, 3))?;
        }
        // Lines without words; behind the last line break there is no line then.
        let run = world(sources, lines + 1).arg("words", 0).run()?;
        run.ends_well()?;
        (0..sources).try_for_each(|source| heard(&run, source, lines, 0))
    });
}

/// How long a run may take that has a lot to do. Who reads a few bytes at a time, and each time looks
/// through all that has come, is slow, and not wrong.
const WHILE: Duration = Duration::from_secs(60);

/// How much of that the processor may be busy.
const PATIENT: Duration = Duration::from_secs(20);

#[test]
fn long_lines_arrive_whole() {
    let stays = Cell::new(false);
    property(|random| {
        let (sources, lines) = (random.pick(1..=2), random.pick(1..=3));
        // More bytes than a pipe holds.
        let words = random.pick(5_500..=6_000);
        let program = world(sources, lines).arg("words", words);
        let run = program.using(PATIENT).within(WHILE).run()?;
        run.ends_well()?;
        (0..sources).try_for_each(|source| heard(&run, source, lines, words))?;
        // A large pipe that is full of lines when the world has gone; or, every other time, of so
        // short ones that a read brings dozens, and the world stays until they have been heard.
        let (lines, words) = if stays.get() { (1000, 15) } else { (random.pick(40..=50), 700) };
        let program = world(1, lines).arg("words", words).arg("late", 1);
        let run = program.arg("stays", u8::from(stays.get())).run()?;
        stays.set(!stays.get());
        run.ends_well()?;
        heard(&run, 0, lines, words)
    });
}

/// More sources than a list of a fixed length has places for.
const MANY: usize = 150;

#[test]
fn a_slow_source_does_not_hold_up_the_rest() {
    property(|random| {
        let (sources, lines) = sizes(random);
        let others = |sources, slow| (0..sources).filter(move |&source| source != slow);
        // A line of it comes and half a character, just as much as a pipe holds, and then nothing
        // until the others have ended.
        let slow = random.pick(0..=(sources - 1) / 2) * 2;
        let program = world(sources, lines).arg("slow", slow).arg("full", 1);
        let run = program.using(PATIENT).within(WHILE).run()?;
        run.ends_well()?;
        others(sources, slow).try_for_each(|source| heard(&run, source, lines, 3))?;
        heard_to_say(&run, slow, ["-".repeat((1 << 16) - 2), line(slow, 0, 3)].into_iter())?;
        // Half a character alone. The others speak one after the other; or all have spoken and have
        // ended, on both sides.
        for (sources, slow, late) in
            [(MANY, random.pick(0..=MANY - 1), 0), (5, random.pick(1..=3), 1)]
        {
            let run = world(sources, 1).arg("slow", slow).arg("late", late).run()?;
            run.ends_well()?;
            (0..sources).try_for_each(|source| heard(&run, source, 1, 3))?;
        }
        Ok(())
    });
}

#[test]
fn a_source_that_never_stops_holds_up_nobody() {
    property(|random| {
        let (sources, lines) = sizes(random);
        // It speaks until it has been heard and all others have ended, which they do when the timers
        // have fired.
        let program = world(sources, lines).list("timers", &[0, 1]);
        let program = program.arg("chatter", random.pick(1..=2));
        let run = program.using(Duration::from_secs(1)).run()?;
        if run.spun() {
            let claim = if run.events().of("chatter").is_empty() {
                "one source speaks without a pause, and none of its lines is ever handed on"
            } else {
                "one source speaks without a pause, and others, or a timer, never get their turn"
            };
            let finding = Finding::new(Verdict::Livelock, claim);
            return Err(run.found(finding.seeing(run.stdout())));
        }
        // What was heard is another test's.
        run.ends_well()
    });
}

#[test]
fn timers_fire_while_no_source_speaks_in_the_order_of_their_moments() {
    property(|random| {
        let sources = random.pick(1..=4);
        let mut timers: Vec<_> = (1..=random.pick(2..=5)).map(|timer| 5.0 * timer as f64).collect();
        // Two have the same moment, two the same millisecond, and the moments of some have passed.
        timers.extend([5.0 * random.pick(1..=2) as f64, 5.3, 5.8, 0.0, -1.0, -2.0]);
        let mut shuffled = Vec::new();
        while !timers.is_empty() {
            shuffled.push(timers.swap_remove(random.pick(0..=timers.len() - 1)));
        }
        // The sources end only when all timers have fired, one by one; they say a line, or nothing.
        let lines = random.pick(0..=1);
        let run = world(sources, lines).list("timers", &shuffled).run()?;
        run.ends_well()?;
        let claim = "each timer should fire once, in the order of their moments";
        all_fire(&run, &shuffled, claim)?;
        (0..sources).try_for_each(|source| heard(&run, source, lines, 3))?;
        // All are due at once, more of them than there are pieces of what a source has to say.
        shuffled.extend((1..=100).map(|timer| -3.0 * f64::from(timer)));
        let program = world(1, 10).arg("words", 700).list("timers", &shuffled);
        let run = program.arg("late", 1).run()?;
        run.ends_well()?;
        let claim = "each timer should fire once, in the order of their moments: all are due when \
                     the loop begins, and one source has much to say";
        all_fire(&run, &shuffled, claim)
    });
}

/// Passes if each of the timers fired once, in the order of their moments.
fn all_fire(run: &Run, timers: &[f64], claim: &str) -> Checked {
    let mut sorted = timers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let expected: Vec<_> = sorted.iter().map(|delay| format!("fires={delay}")).collect();
    let fired = run.events().of("timer");
    let seen: Vec<_> = fired.iter().map(|event| event.what.clone()).collect();
    let evidence = kit::compare(&expected.join("\n"), &seen.join("\n"));
    run.check(Finding::wrong(claim).seeing(evidence).unless(expected == seen))
}

#[test]
fn a_timer_that_is_far_off_holds_up_nobody() {
    property(|random| {
        let (sources, lines) = sizes(random);
        // In a minute, or in months: the sources have long ended by then, and with them the run.
        let far_off = [60_000_u64, 5_000_000_000][random.pick(0..=1)];
        let run = world(sources, lines).list("timers", &[far_off]).run()?;
        run.ends_well()?;
        let claim = "the timer should not fire: the last source ends long before";
        run.check(Finding::wrong(claim).unless(run.events().of("timer").is_empty()))?;
        (0..sources).try_for_each(|source| heard(&run, source, lines, 3))?;
        // Without a source there is nothing to wait for.
        let run = world(0, 0).list("timers", &[60_000]).run()?;
        run.ends_well()?;
        let claim = "without a source the loop should end at once";
        let ended = run.events().of("timer").is_empty();
        run.check(Finding::wrong(claim).unless(ended))
    });
}

#[test]
fn one_thread_serves_all() {
    property(|random| {
        let (sources, lines) = sizes(random);
        let run = world(sources, lines).run()?;
        run.ends_well()?;
        let threads = run.threads_created()?;
        let claim = format!("one thread should serve all sources, {threads} more were started");
        run.check(Finding::wrong(claim).unless(threads == 0))?;
        // The world is a process of the driver's.
        run.creates_processes(1)
    });
}

/// Times that a loop falls asleep while a source says a line and a timer fires: a few times what that
/// takes.
const OFTEN: u64 = 8;

/// Times that all fall asleep in ten seconds in which few sources say a line each, if nobody wakes
/// up by the clock: several times what that takes.
const VERY_OFTEN: u64 = 100;

/// Passes if the program sleeps while the world stands still for ever, and no timer is to come. The
/// first source is to be heard before: a word, and how often it says it.
///
/// A standstill is not proved if the loop has a clock among its descriptors, be it unset. Then the
/// run takes all its time, so that one of them has to be enough.
fn sleeps(program: Program, claim: &str, heard: (&str, usize), unproved: &Cell<bool>) -> Checked {
    if unproved.get() {
        return Ok(());
    }
    let run = program.using(Duration::from_millis(500)).meant_to_hang().run()?;
    if run.observation().hang.is_none() {
        run.ends_well()?;
        let claim = "the loop ended, although sources have not ended";
        return Err(run.found(Finding::wrong(claim)));
    }
    if run.spun() {
        return Err(run.found(Finding::new(Verdict::Livelock, claim)));
    }
    unproved.set(run.hung(HangKind::Timeout) && run.times_waited()? < VERY_OFTEN);
    if !unproved.get() {
        run.stands_still()?;
    }
    let (word, times) = heard;
    let told = run.events().of("source-0").named(word).len();
    let claim = format!(
        "the first source should be heard to say `{word}` {times} times, it was so {told} times, and the \
         loop sleeps"
    );
    run.check(Finding::new(Verdict::Deadlock, claim).unless(told >= times))
}

#[test]
fn who_waits_sleeps() {
    let (unproved, disturbed) = (Cell::new(false), Cell::new(false));
    property(|random| {
        let sources = random.pick(1..=5);
        let claim = "while no source says anything the loop keeps the processor busy";
        sleeps(world(sources, 1).arg("stuck", 1), claim, ("line", 2), &unproved)?;

        // The world goes on as soon as the loop sleeps, and not before: by a signal, which is no
        // reason to end, and then by its end.
        let program = world(sources, 1).list("timers", &[60_000]).arg("asleep", 1);
        let program = program.using(Duration::from_millis(500)).within(Duration::from_secs(3));
        let run = program.meant_to_hang().run()?;
        if run.spun() {
            let claim = "while a timer is to come the loop keeps the processor busy";
            return Err(run.found(Finding::new(Verdict::Livelock, claim)));
        }
        // One that sleeps until the timer is another test's.
        if !run.hung(HangKind::Timeout) {
            run.ends_well()?;
        }

        // However often a signal comes, a timer waits no longer. Once is enough.
        if !disturbed.replace(true) {
            let run = world(1, 1).list("timers", &[200]).arg("disturb", 1);
            let run = run.within(Duration::from_secs(4)).meant_to_hang().run()?;
            if !run.hung(HangKind::Timeout) {
                run.ends_well()?;
            }
            let fired = !run.events().of("timer").is_empty();
            let claim = "a signal comes every 20 milliseconds, and a timer of 200 never fires: after a \
                         signal only the rest is to be waited for";
            run.check(Finding::new(Verdict::Timeout, claim).unless(fired))?;
        }

        // A timer that never fires is another test's, too.
        let run = world(1, 1).list("timers", &[10, 160]).arg("tally", 1).run()?;
        let events = run.events().of("main");
        let slept = events.iter().filter_map(|event| event.value("slept")?.parse().ok());
        let [before, after] = slept.collect::<Vec<u64>>()[..] else { return Ok(()) };
        let times = after - before;
        let claim = format!(
            "while one timer was to come, in 150 milliseconds, the loop fell asleep {times} times: it \
             wakes up by the clock, to ask"
        );
        run.check(Finding::new(Verdict::Timeout, claim).unless(times < OFTEN))
    });
}

#[test]
fn a_source_that_has_ended_costs_nothing() {
    let unproved = Cell::new(false);
    property(|random| {
        let claim = "one source has ended, the others are silent, and the processor is busy";
        sleeps(world(random.pick(2..=5), 1).arg("stuck", 2), claim, ("end", 1), &unproved)
    });
}

#[test]
fn the_whole_story_of_three_sources_and_three_timers() {
    property(|_| {
        let run = world(3, 2).list("timers", &[15, 5, 10]).run()?;
        run.ends_well()?;
        run.check(kit::snapshot!("three_sources_three_timers", run.events()))
    });
}
