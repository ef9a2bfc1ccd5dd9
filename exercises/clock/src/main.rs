//! Clocks, and a type of the driver's own, run as processes.
//!
//!     cargo run -p clock -- --clocks 2 --ticks 3 --interval 10
//!
//! The interval is in milliseconds. With `--gate 1` the greeter, which is started first, stands at a gate
//! until `start` has returned.

use std::io;
use std::process::{exit, id};
use std::rc::Rc;
use std::time::Duration;

use clock::{Clock, Process};
use stage::{Arguments, Gate, event};

/// Another type that can run as a process.
struct Greeter {
    words: Vec<String>,
    gate: Rc<Gate>,
}

impl Process for Greeter {
    fn run(&mut self) {
        // Nobody but the child sees this change.
        self.words.reverse();
        event("greeter", format_args!("pid={} words={}", id(), self.words.join(",")));
        self.gate.pass().expect("the pipe of the gate is open");
        event("greeter", "end");
    }
}

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["clocks", "ticks", "interval", "words", "gate"]);
    let clocks = arguments.get("clocks", 1);
    let ticks = arguments.get("ticks", 3);
    let interval = Duration::from_millis(arguments.get("interval", 10));
    let words = arguments.list("words", vec!["hello".to_owned(), "world".to_owned()]);

    let gate = Rc::new(Gate::new()?);
    let shut = arguments.get("gate", 0) != 0;
    if !shut {
        gate.open()?;
    }
    let parent = id();
    let mut started = Vec::new();
    let greeter = Greeter { words, gate: gate.clone() }.start()?;
    only_the_parent(parent);
    event("main", format_args!("started pid={}", greeter.pid()));
    if shut {
        gate.open()?;
    }
    started.push(greeter);
    for _ in 0..clocks {
        let clock = Clock::new(ticks, interval).start()?;
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
