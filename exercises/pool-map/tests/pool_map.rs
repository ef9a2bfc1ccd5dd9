//! What a parallel map promises, whichever worker is the first to finish.

use std::collections::BTreeSet;

use kit::{Checked, Finding, Program, Random, Run, Verdict, program, property};

fn pool(workers: usize, chunk: usize, numbers: &[i64]) -> Program {
    program!().arg("workers", workers).arg("chunk", chunk).list("numbers", numbers)
}

fn squares_of(numbers: &[i64]) -> Vec<i64> {
    numbers.iter().map(|number| number * number).collect()
}

/// Passes if the program printed the squares of `numbers` in their order.
fn gives_squares(run: &Run, numbers: &[i64]) -> Checked {
    let claim = "the squares should stand in the order of their numbers";
    gives(run, "squares", &squares_of(numbers), claim)
}

/// Passes if the program printed `results` under that name.
fn gives(run: &Run, name: &str, results: &[i64], claim: &str) -> Checked {
    run.ends_well()?;
    let seen: String = run.check(run.events().of("main").value(name))?;
    let expected = results.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let evidence = format!("- expected: {expected}\n+ seen:     {seen}");
    run.check(Finding::wrong(claim).seeing(evidence).unless(seen == expected))
}

fn sizes(random: &mut Random) -> (usize, usize, Vec<i64>) {
    let workers = random.pick(2..=4);
    let chunk = random.pick(1..=4);
    let count = random.pick(workers * chunk..=5 * chunk * workers);
    (workers, chunk, random.numbers(count))
}

#[test]
fn squares_come_in_input_order() {
    property(|random| {
        let (workers, chunk, mut numbers) = sizes(random);
        // One square has more than 32 bits.
        let place = random.pick(0..=numbers.len() - 1);
        numbers[place] = random.pick(50_000..=3_000_000_000) as i64;
        gives_squares(&pool(workers, chunk, &numbers).run()?, &numbers)?;
        // Below zero: the first number is -1, and so is its result. And a second time in the same
        // process, with sums in each chunk: equal numbers, and chunks that begin with equal ones,
        // have other results.
        let again = chunk + 1;
        numbers.splice(0..0, vec![-1; again + 1]);
        let run = pool(workers, chunk, &numbers).arg("again", again).arg("sign", -1).run()?;
        let squares: Vec<_> = squares_of(&numbers).into_iter().map(|square| -square).collect();
        let claim = "the squares, below zero, should stand in the order of their numbers";
        gives(&run, "squares", &squares, claim)?;
        let sums = squares.chunks(again).flat_map(|chunk| {
            chunk.iter().scan(0, |sum, square| {
                *sum += square;
                Some(*sum)
            })
        });
        let claim = format!(
            "in a second call the task returns sums of squares, below zero, from the beginning of its \
             chunk of {again} on; they should stand in the order of their numbers"
        );
        gives(&run, "again", &sums.collect::<Vec<_>>(), &claim)
    });
}

#[test]
fn the_squares_that_everybody_knows() {
    property(|random| {
        let workers = random.pick(1..=4);
        let run = pool(workers, random.pick(1..=3), &[1, 2, 3, 4, 5]).run()?;
        run.ends_well()?;
        let seen: String = run.check(run.events().of("main").value("squares"))?;
        let claim = format!("the squares of 1 to 5 are 1,4,9,16,25; they came as {seen}");
        run.check(Finding::wrong(claim).unless(seen == "1,4,9,16,25"))?;
        let numbers: Vec<i64> = (0..10).collect();
        let run = pool(workers, random.pick(1..=5), &numbers).run()?;
        run.ends_well()?;
        let seen: String = run.check(run.events().of("main").value("squares"))?;
        let claim = format!("the squares of 0 to 9 are 0,1,4 and so on to 81; they came as {seen}");
        run.check(Finding::wrong(claim).unless(seen == "0,1,4,9,16,25,36,49,64,81"))
    });
}

#[test]
fn order_is_kept_when_the_last_chunk_is_done_first() {
    property(|random| {
        let (workers, chunk) = (random.pick(2..=4), random.pick(1..=4));
        let numbers = random.numbers(workers * chunk);
        // A chunk for each worker, all in work at once, each done after the one behind it.
        let pool = pool(workers, chunk, &numbers).arg("meet", workers).arg("backwards", 1);
        let run = pool.run()?;
        at_once(&run, workers)?;
        gives_squares(&run, &numbers)
    });
}

#[test]
fn a_last_chunk_that_is_shorter_is_not_lost() {
    property(|random| {
        let (workers, chunk) = (random.pick(1..=4), random.pick(2..=5));
        let count = chunk * random.pick(1..=4) + random.pick(1..=chunk - 1);
        let numbers = random.numbers(count);
        gives_squares(&pool(workers, chunk, &numbers).run()?, &numbers)
    });
}

#[test]
fn chunks_have_the_size_asked_for_and_are_done_once() {
    property(|random| {
        let (workers, chunk, mut numbers) = sizes(random);
        // In a second call, with the numbers themselves, more chunks are equal than there are workers.
        numbers.splice(0..0, vec![7; chunk * (workers + 1)]);
        let run = pool(workers, chunk, &numbers).arg("again", chunk).run()?;
        run.ends_well()?;
        chunks_are_done_once(&run, chunk, numbers.len())?;
        let calls = run.events().named("call").len();
        let expected = numbers.len().div_ceil(chunk);
        let claim = format!(
            "in a second call there are {expected} chunks, some of them equal; the task should be \
             called once for each, and was called {calls} times"
        );
        run.check(Finding::wrong(claim).unless(calls == expected))?;
        // There is one chunk, and none for the other workers: that is no reason for smaller ones, nor
        // to call the task for nothing.
        let chunk = chunk + 1;
        let run = pool(workers, chunk, &numbers[..chunk]).run()?;
        run.ends_well()?;
        chunks_are_done_once(&run, chunk, chunk)
    });
}

/// Passes if each chunk of `count` numbers has been begun once.
fn chunks_are_done_once(run: &Run, chunk: usize, count: usize) -> Checked {
    let mut expected: Vec<_> = (0..count)
        .step_by(chunk)
        .map(|first| format!("first={first} len={}", chunk.min(count - first)))
        .collect();
    expected.sort();
    let starts = run.events().named("start");
    let mut seen: Vec<_> =
        starts.iter().map(|event| event.what.replacen("start ", "", 1)).collect();
    seen.sort();
    let difference = kit::compare_unordered(&expected, &seen);
    let claim = format!("{count} numbers in chunks of {chunk}, each chunk once");
    run.check(Finding::wrong(claim).seeing(&difference).unless(difference.is_empty()))
}

#[test]
fn every_chunk_is_done_by_a_worker() {
    property(|random| {
        let (workers, chunk) = (random.pick(2..=4), random.pick(1..=3));
        // The last chunk may be shorter.
        let count = workers * chunk * 2 + random.pick(0..=chunk - 1);
        let numbers = random.numbers(count);
        let run = pool(workers, chunk, &numbers).arg("meet", workers).arg("who", 1).run()?;
        at_once(&run, workers)?;
        run.ends_well()?;
        let forked = run.processes()?.created();
        let forked: Vec<_> = forked.iter().map(|process| process.pid).collect();
        let mut used = BTreeSet::new();
        for event in run.events().named("by").iter() {
            let pid = event.value("pid").and_then(|pid| pid.parse().ok()).unwrap_or(0);
            let claim = format!("{} was done by process {pid}, which is no worker", event.who);
            run.check(Finding::wrong(claim).unless(forked.contains(&pid)))?;
            used.insert(pid);
        }
        // The first chunks were in work at once, one in each worker.
        let claim = format!("{workers} workers should share the work, {} did it", used.len());
        run.check(Finding::new(Verdict::Serialised, claim).unless(used.len() >= workers))
    });
}

#[test]
fn all_workers_are_at_work_at_once() {
    property(|random| {
        let (workers, chunk) = (random.pick(3..=5), random.pick(2..=3));
        // The first chunks wait for one another: a pool that does one after the other stands still.
        // So do those that follow, one for each worker again, and at last those that are left. The very
        // last is a single number.
        for chunks in [workers + 1, 2 * workers, 3 * workers - 1] {
            let numbers = random.numbers((chunks - 1) * chunk + 1);
            let pool = pool(workers, chunk, &numbers).arg("meet", workers);
            let run = pool.arg("rounds", chunks.div_ceil(workers)).run()?;
            at_once(&run, workers)?;
            let claim = format!(
                "of {chunks} chunks that take equally long the first {workers} were in work at \
                 once; later a chunk waits for its worker while another has nothing to do"
            );
            serialised_unless(&run, chunks, &claim)?;
            run.ends_well()?;
        }
        Ok(())
    });
}

/// Passes unless the run stands still because fewer than `workers` chunks are in work.
fn at_once(run: &Run, workers: usize) -> Checked {
    let started = run.events().named("start").len();
    let claim =
        format!("{workers} workers should have a chunk in work at once, only {started} had");
    serialised_unless(run, workers, &claim)
}

/// Passes unless the run stands still and fewer than `least` chunks have been begun.
fn serialised_unless(run: &Run, least: usize, claim: &str) -> Checked {
    if run.deadlocked() && run.events().named("start").len() < least {
        let finding = Finding::new(Verdict::Serialised, claim);
        return Err(run.found(finding.seeing(run.events().to_string())));
    }
    Ok(())
}

#[test]
fn exactly_the_asked_number_of_processes_is_created() {
    property(|random| {
        let (workers, chunk, numbers) = sizes(random);
        let run = pool(workers, chunk, &numbers).run()?;
        run.ends_well()?;
        run.creates_processes(workers)?;
        // One chunk, which is full or not: for one worker, or for one of several. And none.
        for (workers, least) in [(1, 1), (workers, 1), (workers, 0)] {
            let count = random.pick(least..=chunk * least);
            let numbers = random.numbers(count);
            let run = pool(workers, chunk, &numbers).run()?;
            run.ends_well()?;
            run.creates_processes(workers)?;
        }
        // The system refuses the second; or it does not, where it cannot be made to. The first may be
        // at work by then, on chunks with more results than a pipe holds.
        let many = program!().arg("workers", workers).arg("chunk", 10_000).arg("count", 40_000);
        let run = many.arg("refuse", 1).run()?;
        run.ends_well()?;
        let failed = !run.events().of("main").named("failed").is_empty();
        let created = run.processes_created()?;
        let claim = format!(
            "of {workers} forks the system refuses all but {created}: that error should be returned"
        );
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(failed || created == workers))
    });
}

#[test]
fn results_larger_than_a_pipe_arrive_whole() {
    property(|random| {
        // 68 000 bytes from each of two workers; a pipe holds 65 536.
        let numbers = random.numbers(17_000);
        let chunk = [500, 8_500][random.pick(0..=1)];
        gives_squares(&pool(2, chunk, &numbers).run()?, &numbers)?;
        // And more than the largest pipe holds, a MiB: as one chunk, or as more chunks than a pipe
        // has room for their numbers. Or from several workers that are quicker than main.
        const COUNT: usize = 140_000;
        let (workers, chunk) = [(1, COUNT), (1, 10), (10, COUNT / 10)][random.pick(0..=2)];
        let pool = program!().arg("workers", workers).arg("chunk", chunk);
        let run = pool.arg("count", COUNT).run()?;
        run.ends_well()?;
        let right: usize = run.check(run.events().value("right"))?;
        let claim = format!("{COUNT} results should arrive; {right} are right");
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(right == COUNT))
    });
}

#[test]
fn an_empty_input_gives_an_empty_result() {
    property(|_| gives_squares(&pool(2, 3, &[]).run()?, &[]));
}

#[test]
fn every_worker_is_waited_for() {
    property(|random| {
        let (workers, chunk, numbers) = sizes(random);
        let run = pool(workers, chunk, &numbers).run()?;
        run.ends_well()?;
        run.leaves_nothing_behind()?;
        // Who calls the map may have children that are no workers. In the second call there is one
        // chunk, and all workers but one have none.
        let run = pool(workers, chunk, &numbers).arg("own", 1).arg("again", numbers.len()).run()?;
        run.ends_well()?;
        run.leaves_nothing_behind()?;
        let own: usize = run.check(run.events().of("main").value("own"))?;
        let claim = format!(
            "main has three children of its own, one of which ends during the call; {own} of them \
             were there for it to wait for"
        );
        run.check(Finding::wrong(claim).seeing(run.stdout()).unless(own == 3))?;
        let more: usize = run.check(run.events().of("main").value("more"))?;
        let claim = format!("two calls have left {more} descriptors open");
        run.check(Finding::new(Verdict::Leak, claim).unless(more == 0))
    });
}

#[test]
fn the_whole_story_of_five_numbers() {
    property(|_| {
        let run = pool(2, 2, &[1, 2, 3, 4, 5]).run()?;
        run.ends_well()?;
        run.check(kit::snapshot!("five_numbers_in_chunks_of_two", run.events()))
    });
}
