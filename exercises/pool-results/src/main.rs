//! Submits squares to a pool; some are late, some fail, and some kill their worker.
//!
//!     cargo run -p pool-results -- --workers 3 --numbers 1,2,3,4,5 --held 0 --fail 1 --die 2
//!
//! The tasks `--held` are done only after main has lost its patience with each of them, and
//! has all other results. With `--terminate 1` they are never done. The first `--meet` tasks
//! wait for one another, but for those that die. `--timeout` is how long, in milliseconds, main waits
//! for a result that is not held; 0 is for ever. The complaint of a task that fails has `--words`
//! words. With `--sign -1` results are below zero. The other arguments are for the checks; what they
//! ask for stands in `acts`.

mod acts;

use std::io;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use pool_results::{Failure, Handle, Pool};
use stage::{Arguments, Gate, Meeting, event};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "workers",
        "numbers",
        "meet",
        "held",
        "fail",
        "die",
        "terminate",
        "begun",
        "again",
        "early",
        "timeout",
        "words",
        "sign",
        "idle",
        "orphan",
        "late",
        "both",
        "kill",
        "forget",
        "slow",
        "patience",
        "gone",
    ]);
    let workers = arguments.get("workers", 3);
    let numbers = arguments.list("numbers", vec![1, 2, 3, 4, 5]);
    let [held, fail, die] =
        ["held", "fail", "die"].map(|name| arguments.list(name, Vec::<usize>::new()));
    let words = arguments.get("words", 3);
    let timeout = match arguments.get("timeout", 0) {
        0 => None,
        milliseconds => Some(Duration::from_millis(milliseconds)),
    };
    let patience = Duration::from_millis(arguments.get("patience", 5));
    let [forget, slow, gone] = ["forget", "slow", "gone"].map(|name| arguments.get(name, 0) == 1);
    let sign = arguments.get("sign", 1);
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    let (gate, asking) = (Gate::new()?, Gate::new()?);
    let begun = match arguments.get("begun", 0) {
        0 => None,
        _ => Some(acts::Pids::new()?),
    };
    let absence = match arguments.get("idle", 0) {
        0 => None,
        _ => Some(acts::Absence::new(workers)?),
    };

    let task = |input: i64| {
        let place = place_of(input);
        if place >= numbers.len() {
            return Ok(0);
        }
        let who = format!("task-{place}");
        event(&who, "start");
        if let Some(begun) = &begun {
            begun.tell().expect("the pipe is open");
        }
        if !die.contains(&place) {
            meeting.meet().expect("the pipes of the meeting are open");
        }
        if let Some(absence) = &absence {
            absence.take_part(place).expect("the pipes are open");
        }
        if held.contains(&place) {
            gate.pass().expect("the pipe of the gate is open");
        } else if slow {
            asking.pass().expect("the pipe of the gate is open");
            thread::sleep(Duration::from_millis(1));
        }
        if die.contains(&place) {
            event(&who, "dies");
            match place % 2 {
                0 => process::exit(0),
                _ => process::abort(),
            }
        }
        event(&who, "end");
        if fail.contains(&place) {
            Err(complaint(place, words))
        } else {
            Ok(sign * numbers[place] * numbers[place])
        }
    };

    let mut pool = Pool::new(workers, task)?;
    let mut handles = Vec::new();
    for place in 0..numbers.len() {
        let called = move |value| {
            let pid = process::id();
            event("callback", format_args!("task={place} value={value} pid={pid}"));
        };
        handles.push((place, pool.submit(input_at(place), called)?));
    }
    event("main", format_args!("submitted pid={}", process::id()));
    if let Some(absence) = &absence {
        absence.last()?;
    }
    let mut places = numbers.len()..;
    let submit = || pool.submit(input_at(places.next().unwrap_or(0)), |_| ());
    let _more = match &begun {
        Some(begun) => begun.submit_until_another(workers, submit)?,
        None => Vec::new(),
    };
    if arguments.get("early", 0) == 1 {
        let joined = pool.join();
        event("main", if joined.is_ok() { "joined-too-early" } else { "not-joined" });
    }

    let (mut late, others): (Vec<_>, Vec<_>) =
        handles.into_iter().partition(|(place, _)| held.contains(place));
    if forget {
        late.clear();
    }
    asking.open()?;
    ask("impatient", &late, Some(patience), words);
    if !slow {
        ask("then", &others, timeout, words);
    }
    if let Some(absence) = &absence {
        absence.kill(arguments.get("kill", 0))?;
    }
    if arguments.get("orphan", 0) == 1 {
        ask("orphan", &[(0, pool.submit(input_at(0), |_| ())?)], None, words);
    }
    let terminate = arguments.get("terminate", 0) == 1;
    if !terminate || arguments.get("both", 0) == 1 {
        pool.close();
    }
    if terminate {
        pool.terminate();
    } else {
        gate.open()?;
    }
    if arguments.get("late", 0) == 1 {
        let late = pool.submit(input_at(0), |_| event("callback", "of a late task"));
        event("main", if late.is_ok() { "late accepted" } else { "late refused" });
    }
    pool.join()?;
    event("main", "joined");
    // Whatever became of it, it is known by now.
    if gone {
        #[allow(clippy::drop_non_drop, reason = "a pool may hold anything, or nothing yet")]
        drop(pool);
        ask("gone", &late, Some(Duration::ZERO), words);
        return Ok(());
    }
    ask("at-last", &late, Some(Duration::ZERO), words);
    if arguments.get("again", 0) == 1 {
        ask("again", &others, Some(Duration::ZERO), words);
        ask("still", &late, Some(Duration::ZERO), words);
    }
    Ok(())
}

/// The input of the task at a place. It is another number than the place, so that a pool is
/// found out that hands only places to its workers.
fn input_at(place: usize) -> i64 {
    3 * place as i64 + 7
}

fn place_of(input: i64) -> usize {
    let place = usize::try_from((input - 7) / 3).unwrap_or(0);
    assert_eq!(input_at(place), input, "a task should get an input that was submitted");
    place
}

/// Says what the handles answer, and whether they gave up long before the time was up.
fn ask(when: &str, handles: &[(usize, Handle)], timeout: Option<Duration>, words: usize) {
    for (place, handle) in handles {
        let asked = Instant::now();
        let answer = handle.get(timeout);
        let waited = asked.elapsed() + Duration::from_millis(20);
        let answer = match answer {
            Ok(value) => format!("value={value}"),
            Err(Failure::TimedOut) if timeout.is_none_or(|timeout| waited < timeout) => {
                "timed-out, but too early".to_owned()
            }
            Err(Failure::TimedOut) => "timed-out".to_owned(),
            Err(Failure::Error(said)) if said == complaint(*place, words) => "error".to_owned(),
            Err(Failure::Error(said)) => format!("another-error, of {} bytes", said.len()),
            Err(Failure::Lost) => "lost".to_owned(),
            Err(Failure::Dropped) => "dropped".to_owned(),
        };
        event("main", format_args!("{when} task={place} {answer}"));
    }
}

/// What a task says that fails: not all of it is meant for the eye.
fn complaint(place: usize, words: usize) -> String {
    format!("n°{place}\n\0").repeat(words)
}
