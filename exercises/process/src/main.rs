//! The life of some processes, from before the start to after the join.
//!
//!     cargo run -p process -- --ends 0,3,-9 --name painter
//!
//! Each process stands at a gate until it has been looked at. `--life` says what is done next; other
//! lives than `join` stand in `acts`, for the checks. With `--other 77` the program has another child
//! all the while, which has ended with that status and has not been waited for.

mod acts;

use std::io;
use std::os::unix::process::parent_id;
use std::process::id;
use std::rc::Rc;
use std::time::Duration;

use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use process::Process;
use stage::{Arguments, Gate, event};

/// The arguments of the target, by name: what keyword arguments are in other languages.
struct Order {
    number: usize,
    end: i32,
    words: Vec<String>,
    /// Whether it goes on until its parent sleeps.
    linger: bool,
    /// Who has to end first.
    after: Option<Pid>,
}

fn main() -> io::Result<()> {
    let arguments =
        Arguments::take(&["ends", "name", "words", "life", "other", "called", "stopped"]);
    let ends = arguments.list("ends", vec![0, 3, -9]);
    let name = arguments.get("name", String::new());
    let words = arguments.list("words", vec!["red".to_owned(), "green".to_owned()]);
    let life = arguments.get("life", "join".to_owned());

    let other = arguments.get("other", 0);
    let other = if other > 0 { Some(acts::ended_child(other)?) } else { None };

    say_when_a_process_exits();
    match life.as_str() {
        "together" => return acts::together(&ends, false, arguments.get("stopped", 0) != 0),
        "long" => return acts::together(&ends, true, false),
        "refused" => return acts::refused(),
        _ => {}
    }
    let called = arguments.get("called", 0);
    for (number, end) in (1..).zip(ends) {
        let order = Order { number, end, words: words.clone(), linger: false, after: None };
        let (mut process, gate) = at_a_gate(order)?;
        if !name.is_empty() {
            process = process.named(&format!("{name}-{number}"));
        }
        let who = format!("main-{number}");
        look(&who, "before", &mut process)?;
        if process.join().is_ok() {
            event(&who, "joined before the start");
        }
        if process.join_timeout(Duration::ZERO).is_ok() {
            event(&who, "joined before the start, with a timeout");
        }
        process.start()?;
        if !name.is_empty() {
            // It is the same process, also while it runs.
            process = process.named(&format!("{name}-{number}"));
        }
        look(&who, "running", &mut process)?;
        if process.start().is_ok() {
            event(&who, "started twice");
        }
        if life == "join" {
            gate.open()?;
            process.join()?;
        } else {
            acts::live(&who, &life, &mut process, &gate, number == called)?;
        }
        look(&who, "after", &mut process)?;
        match process.join() {
            Ok(()) => {
                look(&who, "again", &mut process)?;
                if !matches!(process.join_timeout(Duration::ZERO), Ok(true)) {
                    event(&who, "unsure: one more join with a timeout does not say so");
                }
            }
            Err(error) => event(&who, format_args!("again is an error: {error}")),
        }
        if process.start().is_ok() {
            event(&who, "started after its end");
        }
    }
    if !name.is_empty() {
        // Those before it count, whatever they are called now.
        event("main", format_args!("next name={}", Process::new(|()| 0, ()).name()));
    }
    if let Some(other) = other {
        // Whoever looks for the end of a process may have come across it.
        let _ = waitpid(other, None);
    }
    Ok(())
}

/// A process that stands at a gate until that is opened.
fn at_a_gate(order: Order) -> io::Result<(Process, Rc<Gate>)> {
    let gate = Rc::new(Gate::new()?);
    let at = gate.clone();
    Ok((Process::new(move |order| work(&order, &at), order), gate))
}

fn look(who: &str, when: &str, process: &mut Process) -> io::Result<()> {
    let alive = process.is_alive()?;
    event(
        who,
        format_args!(
            "{when} name={} pid={} alive={alive} code={}",
            process.name(),
            show(process.pid()),
            show(process.exit_code())
        ),
    );
    Ok(())
}

fn show(number: Option<i32>) -> String {
    number.map_or("none".to_owned(), |n| n.to_string())
}

/// The target: says what it got, waits at the gate, and ends as it is told to.
fn work(order: &Order, gate: &Gate) -> i32 {
    let words = order.words.join(",");
    event(format_args!("process-{}", order.number), format_args!("pid={} words={words}", id()));
    gate.pass().expect("the pipe of the gate is open");
    if let Some(other) = order.after {
        acts::until_ended(other);
    }
    if order.linger && !acts::sleeps(parent_id()) {
        event(format_args!("process-{}", order.number), "its parent never slept");
    }
    if order.end < 0 {
        // SAFETY: a process may send itself any signal. Some are ignored until somebody says so.
        unsafe {
            libc::signal(-order.end, libc::SIG_DFL);
            libc::kill(libc::getpid(), -order.end);
        }
    }
    order.end
}

/// Registers something that runs whenever a process ends by `exit`, but not by `_exit`.
fn say_when_a_process_exits() {
    extern "C" fn at_exit() {
        event("exit", format_args!("pid={}", id()));
    }
    // SAFETY: the function that is registered lives as long as the program.
    unsafe { libc::atexit(at_exit) };
}
