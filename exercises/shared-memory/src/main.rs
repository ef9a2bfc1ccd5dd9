//! A child writes into shared memory, and its parent reads what it wrote.
//!
//!     cargo run -p shared-memory -- --text Hello --at 0 --byte h --number 3.1415926 --count 5
//!     cargo run -p shared-memory -- --act add --processes 4 --rounds 1000
//!
//! `--act` is one of `write`, `answer`, `beside`, `half`, `add`, `meet`, `set`, `outside`, `drop`,
//! `die`; each is a function below.

use std::cell::Cell;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::exit;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use shared_memory::{SharedBytes, SharedInts, SharedNumber};
use stage::{Arguments, Gate, Meeting, event};

/// As many digits as one remembers.
#[expect(clippy::approx_constant, reason = "these very digits are to arrive")]
const PI: f64 = 3.1415926;

/// Below zero, and far from it.
const LOW: i64 = -(1 << 40);

/// So long at least do two processes disturb each other.
const LONG: Duration = Duration::from_millis(10);

/// And so long at most.
const VERY_LONG: Duration = Duration::from_millis(500);

fn main() -> io::Result<()> {
    let known = ["act", "text", "at", "byte", "number", "count", "processes", "rounds", "times"];
    let arguments = Arguments::take(&known);
    let text = arguments.get("text", "Hello".to_owned());
    match arguments.get("act", "write".to_owned()).as_str() {
        "write" => {
            let byte = arguments.get("byte", 'h') as u8;
            write_bytes(&text, arguments.get("at", 0), byte)?;
            write_numbers(arguments.get("number", PI), arguments.get("count", 5))
        }
        "answer" => answer(&text),
        "add" => add(arguments.get("processes", 4), arguments.get("rounds", 1000)),
        "beside" => write_side_by_side(arguments.get("rounds", 100)),
        "half" => half_a_number(arguments.get("rounds", 1000)),
        "meet" => meet_in_an_update(arguments.get("number", 7.0) as i64),
        "set" => set_during_an_update(arguments.get("number", 7.0) as i64, arguments.get("at", 1)),
        "outside" => outside(arguments.get("count", 5)),
        "drop" => make_and_drop(arguments.get("times", 20)),
        "die" => die_with_all_kinds(),
        other => Err(io::Error::other(format!("there is no act `{other}`"))),
    }
}

fn write_bytes(text: &str, at: usize, byte: u8) -> io::Result<()> {
    let bytes = SharedBytes::new(text.as_bytes())?;
    let child = start(|| {
        event("child", format_args!("found {:?}", text_of(&bytes)));
        bytes.set(at, byte);
        Ok(())
    })?;
    wait_for(child)?;
    event("main", format_args!("bytes {:?}", text_of(&bytes)));
    Ok(())
}

fn text_of(bytes: &SharedBytes) -> String {
    String::from_utf8_lossy(&bytes.to_vec()).into_owned()
}

/// The child sets a number, and squares integers in place.
fn write_numbers(number: f64, count: usize) -> io::Result<()> {
    let shared = SharedNumber::new(-number)?;
    let integers = SharedInts::new(&(0..).take(count).collect::<Vec<_>>())?;
    let child = start(|| {
        event("child", format_args!("number {}", shared.get()));
        shared.set(number);
        for index in 0..count {
            match index % 2 {
                0 => integers.update(index, |integer| integer * integer),
                _ => integers.set(index, integers.get(index) * integers.get(index)),
            }
        }
        Ok(())
    })?;
    wait_for(child)?;
    event("main", format_args!("number {}", shared.get()));
    event("main", format_args!("squares {:?}", integers.to_vec()));
    Ok(())
}

/// The parent writes while the child is there already, and the child answers.
fn answer(text: &str) -> io::Result<()> {
    let question = SharedBytes::new(&vec![b'.'; text.len()])?;
    // Next to numbers that only integers of 64 bits hold.
    let length = SharedInts::new(&[i64::MIN + 1, -1, i64::MAX - 1])?;
    let asked = Gate::new()?;
    let child = start(|| {
        asked.pass()?;
        // Its own, which its parent has nothing to do with.
        let _own = (SharedBytes::new(b"its")?, SharedNumber::new(2.0)?, SharedInts::new(&[8])?);
        event("child", format_args!("asked {:?}", text_of(&question)));
        length.set(1, question.to_vec().len() as i64);
        Ok(())
    })?;
    // Others, which have nothing to do with those; bytes that are no text.
    let others = (SharedBytes::new(b"\0!\xff")?, SharedNumber::new(0.0)?, SharedInts::new(&[7])?);
    for (index, byte) in text.bytes().enumerate() {
        question.set(index, byte);
    }
    asked.open()?;
    wait_for(child)?;
    event("main", format_args!("answer {:?}", length.to_vec()));
    let (bytes, number, integers) = (others.0.to_vec(), others.1.get(), others.2.to_vec());
    event("main", format_args!("others {bytes:?} {number} {integers:?}"));
    Ok(())
}

/// Numbers of rounds: so many, and more while there is time.
fn at_least(rounds: usize) -> impl Iterator<Item = usize> {
    let begin = Instant::now();
    (0..).take_while(move |&round| round < rounds || begin.elapsed() < LONG)
}

/// A child sets a byte again and again, its parent now and then the one beside it. The parent
/// wakes up at any moment of what the child does, and looks later whether its byte is still there.
fn write_side_by_side(rounds: usize) -> io::Result<()> {
    let bytes = SharedBytes::new(&[0; 4])?;
    let begin = Instant::now();
    let child = start(|| {
        while begin.elapsed() < VERY_LONG {
            (0..=255).for_each(|byte| bytes.set(1, byte));
        }
        Ok(())
    })?;
    let lost = |round: &usize| {
        let byte = *round as u8;
        bytes.set(2, byte);
        thread::sleep(Duration::from_micros(50));
        bytes.get(2) != byte
    };
    let lost = (0..rounds).take_while(|_| begin.elapsed() < VERY_LONG).filter(lost).count();
    event("main", format_args!("lost={lost}"));
    kill(child, Signal::SIGKILL)?;
    waitpid(child, None)?;
    Ok(())
}

/// A child sets now one number, now another, whose bytes are others; its parent looks. The same with
/// the last of eight integers.
fn half_a_number(rounds: usize) -> io::Result<()> {
    let numbers = [f64::from_bits(0x1111_1111_1111_1111), f64::from_bits(0x2222_2222_2222_2222)];
    let number = SharedNumber::new(numbers[0])?;
    let bits = numbers.map(|number| number.to_bits() as i64);
    let integers = SharedInts::new(&[bits[0]; 8])?;
    let ready = Meeting::new(2)?;
    let child = start(|| {
        ready.meet()?;
        at_least(rounds).for_each(|round| number.set(numbers[round % 2]));
        ready.meet()?;
        at_least(rounds).for_each(|round| integers.set(7, bits[round % 2]));
        Ok(())
    })?;
    ready.meet()?;
    let halves = at_least(rounds).filter(|_| !numbers.contains(&number.get())).count();
    ready.meet()?;
    let halves_of_integers = at_least(rounds).filter(|_| !bits.contains(&integers.get(7))).count();
    wait_for(child)?;
    event("main", format_args!("halves={halves} of-integers={halves_of_integers}"));
    Ok(())
}

/// Several processes add 1 to the same integer, each `rounds` times. It is less than 32 bits can
/// hold, and stands between the least and the greatest.
fn add(processes: usize, rounds: usize) -> io::Result<()> {
    let integers = SharedInts::new(&[i64::MIN, LOW, i64::MAX])?;
    let ready = Meeting::new(processes as u8)?;
    let children = (0..processes).map(|_| {
        start(|| {
            ready.meet()?;
            (0..rounds).for_each(|_| integers.update(1, |integer| integer + 1));
            Ok(())
        })
    });
    for child in children.collect::<io::Result<Vec<_>>>()? {
        wait_for(child)?;
    }
    event("main", format_args!("total {:?}", integers.to_vec()));
    Ok(())
}

/// Two processes update the same integer, and want to meet while they do.
///
/// If one keeps the other out, they never meet. If they meet, both have read the same
/// integer, and one of them has to notice and begin again.
fn meet_in_an_update(number: i64) -> io::Result<()> {
    let integers = SharedInts::new(&[0, number, 0])?;
    let meeting = Meeting::new(2)?;
    let children = [("triples", 3), ("multiplies", 10)].map(|(who, factor)| {
        let (integers, meeting) = (&integers, &meeting);
        start(move || {
            integers.update(1, |integer| {
                event(who, "reads");
                meeting.meet().expect("the pipes of the meeting are open");
                integer * factor
            });
            event(who, "done");
            Ok(())
        })
    });
    for child in children {
        wait_for(child?)?;
    }
    event("main", format_args!("total {:?}", integers.to_vec()));
    Ok(())
}

/// One process sets the integer at `at` while another is in an update of the second of three.
///
/// If the update keeps the other out, it waits for ever. If it does not, it has to notice and begin
/// again.
fn set_during_an_update(number: i64, at: usize) -> io::Result<()> {
    let integers = SharedInts::new(&[0, number, 0])?;
    let (reads, done) = (Gate::new()?, Gate::new()?);
    let updating = start(|| {
        let first = Cell::new(true);
        integers.update(1, |integer| {
            event("update", "reads");
            if first.replace(false) {
                reads.open().expect("the pipe of the gate is open");
                done.pass().expect("the pipe of the gate is open");
            }
            integer * 10
        });
        Ok(())
    })?;
    reads.pass()?;
    integers.set(at, -number);
    done.open()?;
    wait_for(updating)?;
    event("main", format_args!("total {:?}", integers.to_vec()));
    Ok(())
}

/// Reads and writes one place after the last.
fn outside(count: usize) -> io::Result<()> {
    // The panics are expected; their messages would only confuse.
    set_hook(Box::new(|_| {}));
    let bytes = SharedBytes::new(&vec![b'x'; count])?;
    let integers = SharedInts::new(&vec![7; count])?;
    let tries: [(&str, &dyn Fn()); 5] = [
        ("get byte", &|| _ = bytes.get(count)),
        ("set byte", &|| bytes.set(count, 1)),
        ("get integer", &|| _ = integers.get(count)),
        ("set integer", &|| integers.set(count, 1)),
        ("update integer", &|| integers.update(count, |integer| integer + 1)),
    ];
    for (what, attempt) in tries {
        let refused = catch_unwind(AssertUnwindSafe(attempt)).is_err();
        event("main", format_args!("{what} {}", if refused { "refused" } else { "accepted" }));
    }
    if count > 0 {
        // Nobody is kept out by what was refused.
        integers.update(0, |integer| integer);
    }
    let unharmed = bytes.to_vec() == vec![b'x'; count] && integers.to_vec() == vec![7; count];
    event("main", format_args!("unharmed={unharmed}"));
    Ok(())
}

/// Makes and drops `times` of each kind, and counts what the process has before and after. Then a
/// child drops as many that its parent has made.
fn make_and_drop(times: usize) -> io::Result<()> {
    let count = || -> io::Result<_> {
        let mappings = fs::read_to_string("/proc/self/maps")?.lines().count();
        Ok((mappings, fs::read_dir("/proc/self/fd")?.count()))
    };
    let (mappings, descriptors) = count()?;
    let tell = |who| {
        let (mappings_now, descriptors_now) = count()?;
        let mappings = mappings_now.saturating_sub(mappings);
        let descriptors = descriptors_now.saturating_sub(descriptors);
        event(who, format_args!("more mappings={mappings} descriptors={descriptors}"));
        io::Result::Ok(())
    };
    let make = || -> io::Result<_> {
        // More than a page holds, where there can be more, and just as much as two hold.
        let bytes = (SharedBytes::new(&[b'x'; 10_000])?, SharedBytes::new(&[b'x'; 8_192])?);
        let integers = (SharedInts::new(&[0; 2_000])?, SharedInts::new(&[0; 1_024])?);
        let nothing = (SharedBytes::new(&[])?, SharedInts::new(&[])?);
        Ok((bytes, SharedNumber::new(1.0)?, integers, nothing))
    };
    for _ in 0..times {
        let _dropped_at_once = make()?;
    }
    tell("main")?;
    let made = (0..times).map(|_| make()).collect::<io::Result<Vec<_>>>()?;
    let child = start(|| {
        drop(made);
        tell("child")
    })?;
    wait_for(child)
}

/// A process makes one of each kind, and is killed.
fn die_with_all_kinds() -> io::Result<()> {
    let child = start(|| {
        let _bytes = SharedBytes::new(b"Hello")?;
        let _number = SharedNumber::new(PI)?;
        let _integers = SharedInts::new(&[1, 2, 3])?;
        raise(Signal::SIGKILL).map_err(io::Error::from)
    })?;
    waitpid(child, None)?;
    Ok(())
}

/// Forks a process that does `job` and ends.
fn start(job: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(i32::from(job().is_err())),
        ForkResult::Parent { child } => Ok(child),
    }
}

fn wait_for(child: Pid) -> io::Result<()> {
    match waitpid(child, None)? {
        WaitStatus::Exited(_, 0) => Ok(()),
        how => Err(io::Error::other(format!("the child failed: {how:?}"))),
    }
}
