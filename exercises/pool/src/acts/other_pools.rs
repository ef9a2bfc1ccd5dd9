//! Pools with tasks of other kinds.

use std::io::{self, Read, Write};

use nix::unistd::Pid;
use pool::{Handle, Pool};
use stage::{Gate, event, until_asleep};

use crate::read;

/// A pool that does three tasks, one after the other, and is done with. Of their results only the
/// last is read.
pub fn another_pool() -> io::Result<()> {
    let mut pool = Pool::new(1, |input| input)?;
    let handles = (1..=3).map(|input| pool.submit(input)).collect::<io::Result<Vec<_>>>()?;
    if let Some(last) = handles.into_iter().last() {
        last.get()?;
    }
    pool.close()?;
    pool.join()
}

/// Keeps the handle of one task until `others` more have been submitted and read.
///
/// Of each seven the last is read first: the results of the others are there before, and wait. Of
/// the very first two tasks one has its handle dropped at once, and the other is read at once.
pub fn read_the_first_last(workers: usize, others: i64) -> io::Result<()> {
    let mut pool = Pool::new(workers, |input| 3 * input)?;
    let check = |input: i64, handle: Handle| -> io::Result<()> {
        let result = handle.get()?;
        if result != 3 * input {
            event("main", format_args!("wrong value={result} for={input}"));
        }
        Ok(())
    };
    let _ = pool.submit(-9)?;
    check(-8, pool.submit(-8)?)?;
    let first = pool.submit(-7)?;
    let inputs: Vec<_> = (0..others).collect();
    for some in inputs.chunks(7) {
        let handles = some.iter().map(|&input| pool.submit(input));
        let handles = handles.collect::<io::Result<Vec<_>>>()?;
        for (&input, handle) in some.iter().zip(handles).rev() {
            check(input, handle)?;
        }
    }
    event("main", format_args!("first value={}", first.get()?));
    pool.close()?;
    pool.join()
}

/// Two workers, and two tasks with the same input: the first ends when the second has long ended,
/// and main waits for its result. Then come inputs that could be taken for signs of the pool's own,
/// and the same input once more.
pub fn tell_twins_apart() -> io::Result<()> {
    const TWIN: i64 = 7;
    const LAST: i64 = 9;
    let main = Pid::this();
    let (begun, main_asks, may_end) = (Gate::new()?, Gate::new()?, Gate::new()?);
    // A byte for the first of the twins; whoever comes later finds none.
    let (ticket, mut writer) = io::pipe()?;
    writer.write_all(&[0])?;
    drop(writer);
    let twin = || -> io::Result<()> {
        let first = (&ticket).read(&mut [0])? == 1;
        let who = if first { "task-0" } else { "task-1" };
        event(who, "start");
        if first {
            begun.open()?;
            may_end.pass()?;
        }
        event(who, "end");
        Ok(())
    };
    let last = || -> io::Result<()> {
        main_asks.pass()?;
        until_asleep(main.as_raw());
        may_end.open()
    };
    let mut pool = Pool::new(2, |input| {
        match input {
            TWIN => twin(),
            LAST => last(),
            _ => Ok(()),
        }
        .expect("the pipes are open");
        !input
    })?;

    let first = pool.submit(TWIN)?;
    begun.pass()?;
    let [second, other, last] = [pool.submit(TWIN)?, pool.submit(8)?, pool.submit(LAST)?];
    // When this result is there, so is that of the second task.
    read(vec![(2, other)])?;
    main_asks.open()?;
    read(vec![(0, first)])?;
    let mut rest = vec![(1, second), (3, last)];
    for (place, input) in (4..).zip([-1, -1, 0, i64::MIN, i64::MAX, TWIN]) {
        rest.push((place, pool.submit(input)?));
    }
    pool.close()?;
    pool.join()?;
    rest.reverse();
    read(rest)
}
