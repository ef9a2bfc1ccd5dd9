//! Clocks, and a type of the driver's own, run as processes.
//!
//!     cargo run -p clock -- --clocks 2 --ticks 3 --interval 10
//!
//! The interval is in milliseconds. With `--gate 1` the greeter, which is started first, stands at
//! a gate until `start` has returned. It ends by itself with `--status`, if that is not 0. The other
//! arguments are for the checks; what they ask for stands in `acts`.

mod acts;

use std::io;
use std::process::{exit, id};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use clock::{Clock, Process};
use stage::{Arguments, Gate, event};

/// Another type that can run as a process.
struct Greeter {
    words: Vec<String>,
    gate: Rc<Gate>,
    status: i32,
}

impl Process for Greeter {
    fn run(&mut self) {
        // Nobody but the child sees this change.
        self.words.reverse();
        event("greeter", format_args!("pid={} words={}", id(), self.words.join(",")));
        self.gate.pass().expect("the pipe of the gate is open");
        event("greeter", "end");
        if self.status != 0 {
            exit(self.status);
        }
    }
}

fn main() -> io::Result<()> {
    let known = [
        "clocks", "ticks", "interval", "words", "gate", "kill", "status", "watch", "back", "looks",
        "refuse",
    ];
    let arguments = Arguments::take(&known);
    acts::change_looks(arguments.get("back", 0) != 0, arguments.get("looks", 0));
    let clocks = arguments.get("clocks", 1);
    let ticks = arguments.get("ticks", 3);
    let interval = Duration::from_secs_f64(arguments.get("interval", 10.0) / 1e3);
    let words = arguments.list("words", vec!["hello".to_owned(), "world".to_owned()]);
    let status = arguments.get("status", 0);

    let gate = Rc::new(Gate::new()?);
    if arguments.get("kill", 0) != 0 {
        let greeter = Greeter { words, gate: gate.clone(), status };
        return acts::one_is_killed(Clock::new(ticks, interval), greeter, &gate);
    }
    if arguments.get("watch", 0) != 0 {
        return acts::until_two_lines(Clock::new(ticks, interval));
    }
    if arguments.get("refuse", 0) != 0 {
        gate.open()?;
        return acts::refused(Greeter { words, gate, status });
    }
    let shut = arguments.get("gate", 0) != 0;
    if !shut {
        gate.open()?;
    }
    let parent = id();
    let mut started = Vec::new();
    let greeter = Greeter { words, gate: gate.clone(), status }.start()?;
    only_the_parent(parent);
    event("main", format_args!("started pid={}", greeter.pid()));
    if shut {
        gate.open()?;
    }
    started.push(greeter);
    for _ in 0..clocks {
        let clock = Clock::new(ticks, interval);
        // The time counts from the beginning of `run`, and not from here.
        thread::sleep(Duration::from_millis(5));
        let clock = clock.start()?;
        only_the_parent(parent);
        event("main", format_args!("started pid={}", clock.pid()));
        started.push(clock);
    }
    for process in started {
        let pid = process.pid();
        event("main", format_args!("joined pid={pid} code={}", process.join()?));
    }
    Ok(())
}

/// Ends a child that came back from `start`: two drivers in one run only hide what went wrong.
fn only_the_parent(parent: u32) {
    if id() != parent {
        event("stray", format_args!("pid={} came back from start", id()));
        exit(0);
    }
}
