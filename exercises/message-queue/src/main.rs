//! Writers and readers in processes of their own share one queue.
//!
//!     cargo run -p message-queue -- --capacity 2 --words A,B,C,D
//!     cargo run -p message-queue -- --act many --writers 3 --readers 2 --each 20
//!
//! `--act` is one of `words`, `row`, `many`, `sums`, `leave`, `last`, `try`, `hurry`, `beside`,
//! `in-turn`, `bytes`, `full`, `empty`, `terminate`; each is a function below.

use std::io;
use std::process::exit;

use message_queue::{LARGEST, Queue};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, raise, sigaction};
use nix::sys::wait::{WaitStatus, wait, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Arguments, Gate, event, until_asleep};

fn main() -> io::Result<()> {
    let known = ["act", "capacity", "words", "writers", "readers", "each", "puts", "takes"];
    let arguments = Arguments::take(&known);
    let number = |name, default| arguments.get::<usize>(name, default);
    let words = arguments.list("words", ["A", "B", "C", "D"].map(str::to_owned).to_vec());
    let queue = Queue::new(number("capacity", 3))?;
    match arguments.get("act", "words".to_owned()).as_str() {
        "words" => pass_words(&queue, &words, number("readers", 1)),
        "row" => in_a_row(&queue, number("capacity", 3)),
        "many" => many(&queue, number("writers", 3), number("readers", 3), number("each", 40)),
        "sums" => sums(&queue, number("puts", 5), number("takes", 3)),
        "leave" => leave(&queue, number("puts", 3)),
        "last" => put_and_close(number("capacity", 3)),
        "try" => without_waiting(&queue),
        "hurry" => several_try(&queue, number("capacity", 10)),
        "beside" => beside_a_sleeper(&queue, number("capacity", 3)),
        "in-turn" => one_for_each_sleeper(&queue, number("capacity", 10), number("readers", 10)),
        "bytes" => any_bytes(&queue, number("capacity", 3)),
        "full" => wait_for(vec![start(|| until_full(&queue))?]),
        "empty" => {
            let readers = number("readers", 2);
            wait_for(
                (0..readers)
                    .map(|_| start(|| read_to_end("reader", &queue)))
                    .collect::<io::Result<_>>()?,
            )
        }
        "terminate" => terminate(queue, &words),
        other => Err(io::Error::other(format!("there is no act `{other}`"))),
    }
}

/// A writer puts the words, readers take them; the end comes when all readers sleep.
fn pass_words(queue: &Queue, words: &[String], readers: usize) -> io::Result<()> {
    let readers: Vec<_> = (1..=readers)
        .map(|reader| start(move || read_to_end(&format!("reader-{reader}"), queue)))
        .collect::<io::Result<_>>()?;
    wait_for(vec![start(|| {
        for word in words {
            queue.put(word.as_bytes())?;
            event("writer", format_args!("put {word}"));
        }
        Ok(())
    })?])?;
    readers.iter().for_each(|reader| until_asleep(reader.as_raw()));
    queue.close()?;
    wait_for(readers)?;
    let refused = queue.put(b"late").is_err();
    event(
        "main",
        format_args!(
            "left={} late={}",
            queue.count()?,
            if refused { "refused" } else { "accepted" }
        ),
    );
    Ok(())
}

/// One process puts and gets, so that the queue is full most of the time.
fn in_a_row(queue: &Queue, capacity: usize) -> io::Result<()> {
    let item = |number: usize| number.to_ne_bytes();
    (0..capacity).try_for_each(|number| queue.put(&item(number)))?;
    for number in 0..600 {
        if queue.get()?.as_deref() != Some(&item(number)) {
            event("main", format_args!("item {number} is not in its place"));
            return Ok(());
        }
        queue.put(&item(number + capacity))?;
    }
    event("main", "all in their order");
    Ok(())
}

/// Writers put numbered items of different lengths, readers take what they get.
fn many(queue: &Queue, writers: usize, readers: usize, each: usize) -> io::Result<()> {
    let readers: Vec<_> = (1..=readers)
        .map(|reader| start(move || read_to_end(&format!("reader-{reader}"), queue)))
        .collect::<io::Result<_>>()?;
    let writers = (1..=writers).map(|writer| {
        start(move || {
            (0..each).try_for_each(|number| {
                let padding = "x".repeat((writer * 13 + number * 7) % 60);
                queue.put(format!("{writer}.{number}.{padding}").as_bytes())
            })
        })
    });
    wait_for(writers.collect::<io::Result<_>>()?)?;
    event("main", "closes");
    queue.close()?;
    wait_for(readers)
}

fn read_to_end(who: &str, queue: &Queue) -> io::Result<()> {
    while let Some(item) = queue.get()? {
        event(who, format_args!("got {}", String::from_utf8_lossy(&item)));
    }
    event(who, "end");
    Ok(())
}

/// A writer puts (10, 2) again and again, a reader adds some of them up.
fn sums(queue: &Queue, puts: usize, takes: usize) -> io::Result<()> {
    let pair: Vec<u8> = [10_i64, 2].iter().flat_map(|number| number.to_ne_bytes()).collect();
    let writer = start(|| (0..puts).try_for_each(|_| queue.put(&pair)))?;
    let reader = start(|| {
        for _ in 0..takes {
            let item = queue.get()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let numbers =
                item.chunks_exact(8).map(|bytes| bytes.try_into().map(i64::from_ne_bytes));
            let sum: i64 = numbers.flatten().sum();
            event("reader", format_args!("sum={sum}"));
        }
        Ok(())
    })?;
    wait_for(vec![writer, reader])?;
    event("main", format_args!("left={}", queue.count()?));
    Ok(())
}

/// Closes the queue while items are in it. A child takes the first, the main process the others;
/// then there is nothing any more, however often one asks. Nobody can put, the child neither.
fn leave(queue: &Queue, puts: usize) -> io::Result<()> {
    (0..puts).try_for_each(|number| queue.put(&[number as u8]))?;
    let take = |who: &str, number: usize| {
        let taken = if number.is_multiple_of(2) { queue.get()? } else { queue.try_get()? };
        let taken = taken.map_or("none".to_owned(), |item| item[0].to_string());
        event(who, format_args!("took={taken}"));
        io::Result::Ok(())
    };
    let late = |who: &str, what: &str, refused: bool| {
        event(who, format_args!("late {what} refused={refused}"));
    };
    // It is there before the end.
    let closed = Gate::new()?;
    let child = start(|| {
        closed.pass()?;
        // The queue may be full, and is not when one is taken.
        late("child", "put", queue.put(b"late").is_err());
        take("child", 0)?;
        late("child", "try_put", queue.try_put(b"late").is_err());
        Ok(())
    })?;
    queue.close()?;
    event("main", format_args!("count={}", queue.count()?));
    late("main", "put", queue.put(b"late").is_err());
    closed.open()?;
    wait_for(vec![child])?;
    late("main", "put", queue.put(b"late").is_err());
    late("main", "try_put", queue.try_put(b"late").is_err());
    (1..puts + 4).try_for_each(|number| take("main", number))?;
    for _ in 0..300 {
        if queue.get()?.is_some() || queue.try_get()?.is_some() {
            event("main", "took=something");
        }
    }
    event("main", format_args!("at last count={}", queue.count()?));
    Ok(())
}

/// While a reader sleeps, an item is put and the queue is closed at once, again and again.
fn put_and_close(capacity: usize) -> io::Result<()> {
    for _ in 0..10 {
        let queue = Queue::new(capacity)?;
        let reader = start(|| read_to_end("reader", &queue))?;
        until_asleep(reader.as_raw());
        queue.put(b"last")?;
        queue.close()?;
        wait_for(vec![reader])?;
    }
    Ok(())
}

/// Takes from the empty queue and puts into the full one, in one process and in another.
fn without_waiting(queue: &Queue) -> io::Result<()> {
    let take = |who| {
        let taken = queue.try_get()?.map(|item| item[0].to_string());
        event(who, format_args!("took={}", taken.as_deref().unwrap_or("none")));
        io::Result::Ok(taken.is_some())
    };
    take("main")?;
    wait_for(vec![start(|| take("child").map(drop))?])?;
    let mut accepted = 0_u8;
    while accepted < 100 && queue.try_put(&[accepted])? {
        accepted += 1;
    }
    event("main", format_args!("accepted={accepted} count={}", queue.count()?));
    wait_for(vec![start(|| {
        let again = queue.try_put(b"?")?;
        event("child", format_args!("again={again}"));
        Ok(())
    })?])?;
    while take("main")? {}
    Ok(())
}

/// Two processes take without waiting and put it back, from a queue that is half full. So there
/// is always an item, and always room.
fn several_try(queue: &Queue, capacity: usize) -> io::Result<()> {
    (0..capacity / 2).try_for_each(|_| queue.put(b"item"))?;
    let busy = |who: &'static str| {
        move || {
            let (mut none, mut full) = (0, 0);
            for _ in 0..4_000 {
                let Some(item) = queue.try_get()? else {
                    none += 1;
                    continue;
                };
                if !queue.try_put(&item)? {
                    full += 1;
                    queue.put(&item)?;
                }
            }
            event(who, format_args!("none={none} full={full}"));
            Ok(())
        }
    };
    wait_for(vec![start(busy("one"))?, start(busy("other"))?])
}

/// Tries while a reader sleeps in `get`, and while a writer sleeps in `put`. Another queue has
/// nothing to do with it.
fn beside_a_sleeper(queue: &Queue, capacity: usize) -> io::Result<()> {
    let other = Queue::new(2)?;
    other.put(b"other")?;
    let reader = start(|| {
        let item = queue.get()?;
        event("reader", format_args!("got {}", String::from_utf8_lossy(&item.unwrap_or_default())));
        Ok(())
    })?;
    until_asleep(reader.as_raw());
    let none = queue.try_get()?.is_none();
    event("main", format_args!("reader sleeps none={none} count={}", queue.count()?));
    queue.put(b"item")?;
    wait_for(vec![reader])?;

    (0..capacity).try_for_each(|_| queue.put(b"item"))?;
    let writer = start(|| queue.put(b"last"))?;
    until_asleep(writer.as_raw());
    let again = queue.try_put(b"again")?;
    event("main", format_args!("writer sleeps again={again} count={}", queue.count()?));
    queue.get()?;
    wait_for(vec![writer])?;
    event("main", format_args!("other={}", other.count()?));
    Ok(())
}

/// Items that are easily mistaken for something else.
fn any_bytes(queue: &Queue, capacity: usize) -> io::Result<()> {
    let items: [&[u8]; 6] = [b"", b"\n", &[0, 255, 0], b"a b\0c\n", &[7; LARGEST], b"end"];
    let reader = start(|| {
        for item in items {
            let taken = queue.get()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            event("reader", if taken == item { "equal" } else { "different" });
        }
        Ok(())
    })?;
    items.iter().try_for_each(|item| queue.put(item))?;
    wait_for(vec![reader])?;
    let large = [7; LARGEST + 1];
    let refused = queue.put(&large).is_err() && queue.try_put(&large).is_err();
    event("main", if refused { "too large, refused" } else { "too large, accepted" });
    // What was refused has taken no place, and there is room for the largest.
    (0..capacity).try_for_each(|_| queue.put(&[7; LARGEST]))?;
    // Nobody waits for room for it.
    let refused = queue.put(&large).is_err();
    event("main", format_args!("count={} when full={refused}", queue.count()?));
    Ok(())
}

/// As many readers sleep as items come, one right after the other, and each takes one. Then as
/// many writers as places become free. Each of them handles a signal while it sleeps.
fn one_for_each_sleeper(queue: &Queue, capacity: usize, sleepers: usize) -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    let asleep = |job: &dyn Fn() -> io::Result<()>| {
        let told = || job().inspect_err(|error| event("sleeper", format_args!("failed: {error}")));
        let pids: Vec<_> = (0..sleepers).map(|_| start(told)).collect::<io::Result<_>>()?;
        pids.iter().for_each(|pid| until_asleep(pid.as_raw()));
        pids.iter().try_for_each(|&pid| kill(pid, Signal::SIGUSR1))?;
        pids.iter().for_each(|pid| until_asleep(pid.as_raw()));
        io::Result::Ok(pids)
    };
    let readers = asleep(&|| queue.get().map(drop))?;
    (0..sleepers).try_for_each(|_| queue.put(b"item"))?;
    wait_for(readers)?;
    event("main", format_args!("every reader has one, left={}", queue.count()?));

    (0..capacity).try_for_each(|_| queue.put(b"item"))?;
    let writers = asleep(&|| queue.put(b"item"))?;
    (0..sleepers).try_for_each(|_| queue.get().map(drop))?;
    wait_for(writers)?;
    event("main", format_args!("every writer put one, left={}", queue.count()?));
    Ok(())
}

/// Puts as long as there is room, and then one more: it sleeps for ever.
fn until_full(queue: &Queue) -> io::Result<()> {
    for number in 1..100 {
        queue.put(&[number])?;
        event("writer", format_args!("put {number}"));
    }
    Ok(())
}

/// A reader that nobody tells of an end is terminated when it has taken everything. Before,
/// somebody who made another queue is killed; afterwards the others go on, also when one has
/// dropped the queue.
fn terminate(queue: Queue, words: &[String]) -> io::Result<()> {
    let creator = start(|| {
        let own = Queue::new(2)?;
        own.put(b"item")?;
        raise(Signal::SIGKILL).map_err(io::Error::from)
    })?;
    waitpid(creator, None)?;

    let gate = Gate::new()?;
    let reader = start(|| {
        for taken in 1.. {
            let item = queue.get()?.unwrap_or_default();
            event("reader", format_args!("got {}", String::from_utf8_lossy(&item)));
            if taken == words.len() {
                gate.open()?;
            }
        }
        Ok(())
    })?;
    wait_for(vec![start(|| words.iter().try_for_each(|word| queue.put(word.as_bytes())))?])?;
    gate.pass()?;
    until_asleep(reader.as_raw());
    kill(reader, Signal::SIGTERM)?;
    if let WaitStatus::Signaled(_, signal, _) = waitpid(reader, None)? {
        event("main", format_args!("reader pid={reader} exit={}", -(signal as i32)));
    }

    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    if let ForkResult::Child = unsafe { fork() }? {
        {
            let _dropped = queue;
        }
        exit(0)
    }
    wait()?;
    let reader = start(|| queue.get().map(drop))?;
    until_asleep(reader.as_raw());
    queue.put(b"more")?;
    wait_for(vec![reader])?;
    event("main", "others go on");
    Ok(())
}

/// Forks a process that does `job` and ends.
fn start(job: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => match job() {
            Ok(()) => exit(0),
            Err(error) => {
                eprintln!("{error}");
                exit(1)
            }
        },
        ForkResult::Parent { child } => Ok(child),
    }
}

/// Waits for all; an error if one of them failed.
fn wait_for(children: Vec<Pid>) -> io::Result<()> {
    let mut done = Ok(());
    for child in children {
        if !matches!(waitpid(child, None)?, WaitStatus::Exited(_, 0)) {
            done = Err(io::Error::other(format!("process {child} failed")));
        }
    }
    done
}
