//! A thread for each name greets it, each in its own way.
//!
//!     cargo run -p thread-args -- --names Ada,Bob,Chen --meet 3 --panics Bob
//!
//! Inside, the first `--meet` threads wait for one another.

use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;

use stage::{Arguments, Meeting, event};
use thread_args::{Greeting, run_each};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["names", "meet", "panics"]);
    let default = ["Ada", "Bob", "Chen"].map(str::to_owned).to_vec();
    let names: Vec<String> = arguments.list("names", default);
    let meeting = Arc::new(Meeting::new(arguments.get("meet", 1))?);
    let panics: String = arguments.get("panics", String::new());

    // By position, and by name: once, twice and so on up to five times, and then once again.
    let greetings = names.iter().enumerate();
    let greetings: Vec<_> = greetings
        .map(|(index, name)| Greeting { times: index % 5 + 1, ..Greeting::to(name) })
        .collect();

    let results = run_each(greetings, move |greeting: Greeting| {
        let name = &greeting.name;
        event(name, "enter");
        meeting.meet().expect("a pipe of our own");
        event(name, "leave");
        if *name == panics {
            // Unwinds as a panic does, without the message.
            resume_unwind(Box::new("told to panic"));
        }
        greeting.text()
    });
    for (name, result) in names.iter().zip(results) {
        match result {
            Ok(text) => event("main", format_args!("{name} got {text}")),
            Err(_) => event("main", format_args!("{name} panicked")),
        }
    }
    Ok(())
}
