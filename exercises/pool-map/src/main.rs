//! Squares numbers in a pool of processes.
//!
//!     cargo run -p pool-map -- --workers 2 --chunk 2 --numbers 1,2,3,4,5
//!
//! The first `--meet` chunks that are begun wait for one another, so they must be in work at
//! once. With `--rounds 3` so many that follow do so, too, and so many again, or those that are left.
//! With `--backwards 1` a chunk is done only after the next one. With `--who 1` each chunk says by
//! which process it is done. With `--again 4` there is a second call afterwards, in chunks of four, whose
//! results are sums of squares from the beginning of a chunk on, and main says how many descriptors
//! the two calls have left open. With `--sign -1` the results are below zero. With `--own 1` main has
//! three children of its own meanwhile. With `--count 140000` so many numbers are squared, with few
//! descriptors; with `--refuse 1` the system permits no process after the first that is forked for
//! them.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process;
use std::thread;
use std::time::Duration;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use pool_map::pool_map;
use stage::{Arguments, Gate, Meeting, event, refuse_processes, until_asleep};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "workers",
        "chunk",
        "numbers",
        "meet",
        "rounds",
        "backwards",
        "who",
        "again",
        "sign",
        "own",
        "count",
        "refuse",
    ]);
    let workers = arguments.get("workers", 2);
    let chunk = arguments.get("chunk", 2);
    let numbers = arguments.list("numbers", vec![1, 2, 3, 4, 5]);
    let sign = arguments.get("sign", 1);
    let count = arguments.get("count", 0);
    if count > 0 {
        return square_many(workers, chunk, count, arguments.get("refuse", 0) == 1);
    }
    let chunks = numbers.len().div_ceil(chunk);
    let meetings = Meetings::new(arguments.get("meet", 1), arguments.get("rounds", 1), chunks)?;
    let backwards = match arguments.get("backwards", 0) {
        0 => None,
        _ => Some(Backwards::new(chunks)?),
    };

    let own = if arguments.get("own", 0) == 1 { Some(OwnChildren::fork()?) } else { None };

    // The input tells of positions, so that each chunk can be told apart.
    let input: Vec<_> = (0..numbers.len()).map(input_at).collect();
    let before = descriptors()?;
    let squares = pool_map(workers, chunk, &input, |part| {
        let first = part.first().map_or(0, |&input| place_of(input));
        let who = format!("chunk-{}", first / chunk);
        event(&who, format_args!("start first={first} len={}", part.len()));
        if arguments.get("who", 0) == 1 {
            event(&who, format_args!("by pid={}", process::id()));
        }
        meetings.meet().expect("the pipes of the meetings are open");
        if let (Some(own), 0) = (&own, first) {
            own.end_one().expect("the pipes of the children are open");
        }
        if let Some(order) = &backwards {
            order.wait_for_the_next(first / chunk);
        }
        let squares = part.iter().map(|&input| sign * square(numbers[place_of(input)])).collect();
        event(&who, "end");
        if let Some(order) = &backwards {
            order.done(first / chunk);
        }
        squares
    })?;
    let left_open = descriptors()?.saturating_sub(before);
    event("main", format_args!("squares={}", list(&squares)));
    if let Some(own) = own {
        event("main", format_args!("own={}", own.wait_for()?));
    }
    let again = arguments.get("again", 0);
    if again > 0 {
        let before = descriptors()?;
        let sums = pool_map(workers, again, &numbers, |part| {
            event("again", format_args!("call len={}", part.len()));
            let sums = part.iter().scan(0, |sum, &number| {
                *sum += sign * square(number);
                Some(*sum)
            });
            sums.collect()
        })?;
        let more = left_open + descriptors()?.saturating_sub(before);
        event("main", format_args!("again={} more={more}", list(&sums)));
    }
    Ok(())
}

/// When this process has forked once more, the system permits it no further process.
fn refuse_after_a_fork() -> io::Result<()> {
    extern "C" fn refuse() {
        // Where the system does not let itself be limited, all forks come about, which shows.
        refuse_processes();
    }
    // SAFETY: by what is called after a fork only this process is changed.
    match unsafe { libc::pthread_atfork(None, Some(refuse), None) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// How many descriptors this process has open.
fn descriptors() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/fd")?.count())
}

/// The first chunks that are begun wait for one another, and so do as many that follow, in each
/// round; in the last perhaps fewer.
struct Meetings {
    rounds: Vec<Meeting>,
    /// A byte for each chunk, which says in which round it takes part. Whoever comes later is in the
    /// last.
    tickets: PipeReader,
}

impl Meetings {
    fn new(size: usize, rounds: usize, chunks: usize) -> io::Result<Self> {
        let (tickets, mut writer) = io::pipe()?;
        let mut meetings = Vec::new();
        for round in 0..rounds {
            writer.write_all(&vec![round as u8; size])?;
            meetings.push(Meeting::new(chunks.saturating_sub(round * size).min(size) as u8)?);
        }
        Ok(Self { rounds: meetings, tickets })
    }

    fn meet(&self) -> io::Result<()> {
        let (mut tickets, mut round) = (&self.tickets, [0]);
        match tickets.read(&mut round)? {
            0 => self.rounds.last(),
            _ => self.rounds.get(usize::from(round[0])),
        }
        .map_or(Ok(()), Meeting::meet)
    }
}

/// Squares the numbers from 0 on; says how many of the results are right. Or the system refuses the
/// second fork, and it says that there are no results.
fn square_many(workers: usize, chunk: usize, count: usize, refuse: bool) -> io::Result<()> {
    // Whoever has a pipe for each chunk has too many.
    let few = libc::rlimit { rlim_cur: DESCRIPTORS, rlim_max: DESCRIPTORS };
    // SAFETY: the limits are there to be read.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &few) } != 0 {
        return Err(io::Error::last_os_error());
    }
    if refuse {
        refuse_after_a_fork()?;
    }
    let numbers: Vec<_> = (0..).take(count).collect();
    let squares = pool_map(workers, chunk, &numbers, |part| {
        part.iter().map(|&number| square(number)).collect()
    });
    if let (true, Err(error)) = (refuse, &squares) {
        event("main", "failed");
        eprintln!("pool_map says: {error}");
        return Ok(());
    }
    let squares = squares?;
    let right =
        squares.iter().zip(&numbers).filter(|(result, number)| **result == square(**number));
    event("main", format_args!("results={} right={}", squares.len(), right.count()));
    Ok(())
}

/// So many descriptors has a process when many numbers are squared.
const DESCRIPTORS: u64 = 100;

/// Children of main that are no workers: one has ended already, one does during the map, and one
/// when it is done.
struct OwnChildren {
    children: [Pid; 3],
    /// For the second to end.
    now: Gate,
    /// Says nothing, and its end comes with that of the second.
    lives: PipeReader,
    enough: Gate,
}

impl OwnChildren {
    fn fork() -> io::Result<Self> {
        let (now, enough) = (Gate::new()?, Gate::new()?);
        let ended = start(|| Ok(()))?;
        let waiting = start(|| enough.pass())?;
        let (lives, writer) = io::pipe()?;
        let ending = start(|| now.pass())?;
        drop(writer);
        until_asleep(ended.as_raw());
        Ok(Self { children: [ended, ending, waiting], now, lives, enough })
    }

    /// Lets the second end; called by a worker.
    fn end_one(&self) -> io::Result<()> {
        self.now.open()?;
        (&self.lives).read_to_end(&mut Vec::new())?;
        until_asleep(self.children[1].as_raw());
        // Main may have to be told of it by an observer. If this is too short, a map that takes away
        // whoever ends may be right by luck; a map that leaves others alone always is.
        thread::sleep(Duration::from_millis(5));
        Ok(())
    }

    /// How many of them are still there to be waited for.
    fn wait_for(self) -> io::Result<usize> {
        self.enough.open()?;
        let is_there = |&child: &Pid| waitpid(child, None) == Ok(WaitStatus::Exited(child, 0));
        Ok(self.children.into_iter().filter(is_there).count())
    }
}

/// Forks a process that does `job` and ends.
fn start(job: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => process::exit(i32::from(job().is_err())),
        ForkResult::Parent { child } => Ok(child),
    }
}

/// The input of the number at a place. It is another number than the place, so that a map is
/// found out that hands only places to its workers.
fn input_at(place: usize) -> i64 {
    3 * place as i64 + 7
}

fn place_of(input: i64) -> usize {
    let place = usize::try_from((input - 7) / 3).unwrap_or(0);
    assert_eq!(input_at(place), input, "a task should get an input that was given");
    place
}

fn list(squares: &[i64]) -> String {
    squares.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

fn square(number: i64) -> i64 {
    number * number
}

/// Makes chunks end in the reverse of their order: one pipe per chunk says that it is done.
struct Backwards {
    done: Vec<(PipeReader, PipeWriter)>,
}

impl Backwards {
    fn new(chunks: usize) -> io::Result<Self> {
        let done = (0..chunks).map(|_| io::pipe()).collect::<io::Result<_>>()?;
        Ok(Self { done })
    }

    fn wait_for_the_next(&self, chunk: usize) {
        if let Some((reader, _)) = self.done.get(chunk + 1) {
            (&*reader).read_exact(&mut [0]).expect("the pipes of the chunks are open");
            // That result is to get home first. If this is too short, a map that takes results
            // as they come may be right by luck; a map that keeps the order always is.
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn done(&self, chunk: usize) {
        if let Some((_, writer)) = self.done.get(chunk) {
            (&*writer).write_all(&[0]).expect("the pipes of the chunks are open");
        }
    }
}
