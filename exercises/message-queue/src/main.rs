//! Writers and readers in processes of their own share one queue.
//!
//!     cargo run -p message-queue -- --capacity 2 --words A,B,C,D
//!     cargo run -p message-queue -- --act many --writers 3 --readers 2 --each 20
//!     cargo run -p message-queue -- --act sums --puts 5 --takes 3
//!
//! `--act` is one of `words`, `many`, `sums`, each a function below, or one of those that stand in
//! `acts`, for the checks.

mod acts;

use std::io;
use std::process::exit;

use message_queue::Queue;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Arguments, event, until_asleep};

fn main() -> io::Result<()> {
    let known = ["act", "capacity", "words", "writers", "readers", "each", "puts", "takes"];
    let arguments = Arguments::take(&known);
    let number = |name, default| arguments.get::<usize>(name, default);
    let words = arguments.list("words", ["A", "B", "C", "D"].map(str::to_owned).to_vec());
    let queue = Queue::new(number("capacity", 3))?;
    match arguments.get("act", "words".to_owned()).as_str() {
        "words" => pass_words(&queue, &words, number("readers", 1)),
        "many" => many(&queue, number("writers", 3), number("readers", 3), number("each", 40)),
        "sums" => sums(&queue, number("puts", 5), number("takes", 3)),
        other => acts::act(other, queue, &words, number),
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
