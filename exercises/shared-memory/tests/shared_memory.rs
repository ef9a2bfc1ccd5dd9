//! What shared memory promises, whichever process is the first to write.

use std::time::Duration;

use kit::{Checked, Finding, Program, Random, Run, Verdict, program, property};

fn act(act: &str) -> Program {
    program!().arg("act", act)
}

/// So many letters.
fn text(random: &mut Random, count: usize) -> String {
    (0..count).map(|_| char::from(b'A' + random.pick(0..=25) as u8)).collect()
}

/// Passes if `who` said `what`, then `expected`, once.
fn says(run: &Run, who: &str, what: &str, expected: &str, claim: &str) -> Checked {
    let said = run.events().of(who).named(what);
    let said: Vec<_> =
        said.iter().map(|event| event.what.replacen(&format!("{what} "), "", 1)).collect();
    let difference = kit::compare(expected, &said.join("\n"));
    run.check(Finding::wrong(claim).seeing(difference).unless(said == [expected]))
}

#[test]
fn the_parent_sees_what_the_child_writes() {
    property(|random| {
        // A few letters, and more than a page holds.
        for count in [random.pick(1..=20), random.pick(5_000..=6_000)] {
            let text = text(random, count);
            let at = random.pick(0..=count - 1);
            let run = act("write").arg("text", &text).arg("at", at).arg("byte", "h").run()?;
            run.ends_well()?;
            run.creates_processes(2)?;
            let mut changed = text.clone();
            changed.replace_range(at..=at, "h");
            let claim = "the child should find what was there";
            says(&run, "child", "found", &format!("{text:?}"), claim)?;
            let claim = format!("the child wrote h over letter {at}, and its parent should see it");
            says(&run, "main", "bytes", &format!("{changed:?}"), &claim)?;
        }
        Ok(())
    });
}

#[test]
fn the_child_sees_what_the_parent_writes_later() {
    property(|random| {
        let count = random.pick(1..=20);
        let text = text(random, count);
        let run = act("answer").arg("text", &text).run()?;
        run.ends_well()?;
        let claim =
            "the parent wrote when the child was already there, and the child should see it";
        says(&run, "child", "asked", &format!("{text:?}"), claim)?;
        let claim =
            "the parent dropped its own and made others, and the child should keep what it has";
        says(&run, "child", "kept", "\"kept\" 5 [6]", claim)?;
        let claim = "the child wrote the second of three integers";
        let answer = format!("[{}, {}, {}]", i64::MIN + 1, text.len(), i64::MAX - 1);
        says(&run, "main", "answer", &answer, claim)?;
        let claim = "others of the same kind, made when the child was already there, should keep their \
                     own values, zeros and all, whatever the child makes";
        says(&run, "main", "others", "[0, 33, 255] 0 [7]", claim)?;
        let run = act("beside").arg("rounds", 100).run()?;
        run.ends_well()?;
        let lost: usize = run.check(run.events().value("lost"))?;
        let claim = format!(
            "the parent set a byte while the child set the one beside it: it was lost {lost} times"
        );
        run.check(Finding::wrong(claim).unless(lost == 0))
    });
}

#[test]
#[expect(clippy::approx_constant, reason = "these very digits are to arrive")]
fn a_number_is_shared() {
    property(|random| {
        for number in [3.1415926, random.numbers(1)[0] as f64 / 7.0, -0.0, f64::NAN] {
            let (before, number) = ((-number).to_string(), number.to_string());
            // The bound is for one that waits until the number is equal to itself: NaN never is.
            let program = act("write").arg("number", &number).using(Duration::from_millis(500));
            let run = program.run()?;
            run.ends_well()?;
            let claim = "the child should find the number with which the parent made it";
            says(&run, "child", "number", &before, claim)?;
            let claim = "the child set the number, and its parent should see that";
            says(&run, "main", "number", &number, claim)?;
        }
        let run = act("half").arg("rounds", 10_000).run()?;
        run.ends_well()?;
        for (what, key) in [("a number", "halves"), ("an integer", "of-integers")] {
            let halves: usize = run.check(run.events().value(key))?;
            let claim = format!("{what} was seen {halves} times of which only a part had been set");
            run.check(Finding::wrong(claim).unless(halves == 0))?;
        }
        Ok(())
    });
}

#[test]
fn integers_are_squared_in_place() {
    property(|random| {
        // Few, none, and more than a page holds.
        let count = [5, random.pick(0..=9), random.pick(2_000..=2_500)][random.pick(0..=2)];
        let program = act("write").arg("count", count).arg("others", 1);
        // The bound is for one that spins since it has locked others too.
        let run = program.using(Duration::from_secs(1)).run()?;
        run.ends_well()?;
        let squares: Vec<_> = (0..count as i64).map(|integer| integer * integer).collect();
        let claim = "the child squared each integer in place, and its parent should see that";
        says(&run, "main", "squares", &format!("{squares:?}"), claim)
    });
}

#[test]
fn updates_at_the_same_time_add_up() {
    property(|random| {
        let number = random.pick(2..=90) as i64;
        let claim = format!("one triples {number}, another multiplies it by 10: an update is lost");
        unless_kept_out(act("meet").arg("number", number), [0, number * 30, 0], &claim)?;
        // The integer that is being updated, and one beside it.
        for at in [1, [0, 2][random.pick(0..=1)]] {
            let mut expected = [0, number, 0];
            expected[at] = -number;
            expected[1] *= 10;
            let claim = format!(
                "one multiplies integer 1 by 10, another sets integer {at} to -{number} meanwhile: \
                 one of both is lost"
            );
            unless_kept_out(act("set").arg("number", number).arg("at", at), expected, &claim)?;
        }
        Ok(())
    });
}

/// Passes if the total is as expected, or if an update keeps the other process out, which is there
/// in its midst.
fn unless_kept_out(program: Program, expected: [i64; 3], claim: &str) -> Checked {
    // The bound is for an update that spins while it is kept out: it may.
    let run = program.using(Duration::from_millis(300)).meant_to_hang().run()?;
    let inside = run.events().named("reads").len();
    if run.observation().hang.is_some() && inside == 1 {
        return Ok(());
    }
    run.ends_well()?;
    says(&run, "main", "total", &format!("{expected:?}"), claim)
}

#[test]
fn many_increments_add_up() {
    property(|random| {
        let (processes, rounds) = (random.pick(2..=4), random.pick(1_000..=5_000));
        let run = act("add").arg("processes", processes).arg("rounds", rounds).run()?;
        run.ends_well()?;
        let claim = format!("{processes} processes add 1, {rounds} times each");
        let total = (processes * rounds) as i64 - (1 << 40);
        let expected = format!("[{}, {total}, {}]", i64::MIN, i64::MAX);
        says(&run, "main", "total", &expected, &claim)
    });
}

#[test]
fn what_is_outside_is_refused() {
    property(|random| {
        for count in [0, random.pick(1..=9)] {
            // The bound is for an update that spins since another has kept the lock.
            let program = act("outside").arg("count", count);
            let run = program.using(Duration::from_millis(500)).run()?;
            run.ends_well()?;
            let accepted = run.events().filter(|event| event.what.ends_with(" accepted"));
            let claim = "an index behind the last place should panic";
            let finding = Finding::wrong(claim).seeing(accepted.to_string());
            run.check(finding.unless(accepted.is_empty()))?;
            let unharmed: bool = run.check(run.events().value("unharmed"))?;
            run.check(Finding::wrong("something else was overwritten").unless(unharmed))?;
        }
        Ok(())
    });
}

#[test]
fn what_is_dropped_is_given_back() {
    property(|random| {
        let times = random.pick(10..=20);
        let run = act("drop").arg("times", times).run()?;
        run.ends_well()?;
        for (who, in_whom) in [("main", ""), ("child", " by a child of the process that made them")]
        {
            for what in ["mappings", "descriptors"] {
                // The allocator or the standard library may need a few for themselves.
                let more: usize = run.check(run.events().of(who).value(what))?;
                let claim = format!(
                    "{times} of each kind were dropped{in_whom}, and {more} {what} are left there"
                );
                run.check(Finding::new(Verdict::Leak, claim).unless(more < times))?;
            }
        }
        Ok(())
    });
}

#[test]
fn nothing_is_left_behind() {
    property(|_| {
        for act_and_end in ["write", "die"] {
            let run = act(act_and_end).run()?;
            run.ends_well()?;
            run.leaves_nothing_behind()?;
            let files = run.leftovers()?;
            let claim = format!("files are still there: {files:?}");
            run.check(Finding::new(Verdict::Leak, claim).unless(files.is_empty()))?;
        }
        Ok(())
    });
}

#[test]
fn the_whole_story_of_hello() {
    property(|_| {
        let run = program!().run()?;
        run.ends_well()?;
        run.check(kit::snapshot!("hello", run.events()))
    });
}
