//! Named threads count; the main thread waits for them.
//!
//!     cargo run -p threads -- --names ada,bob --count 5 --meet 2
//!
//! At their first tick, and at their last, the first `--meet` threads wait for one another:
//! they can only meet if they run at the same time. With `--unlucky ada` the last tick of that
//! thread panics.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use stage::{Arguments, Meeting, event};
use threads::{count_in_threads, my_name};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["names", "count", "meet", "unlucky"]);
    let names = arguments.list("names", vec!["ada".to_owned(), "bob".to_owned()]);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let count = arguments.get("count", 5);
    let meet = arguments.get("meet", 1);
    let unlucky: String = arguments.get("unlucky", String::new());
    let nobody_panics = unlucky.is_empty();
    let meetings = Arc::new([Meeting::new(meet)?, Meeting::new(meet)?]);

    let tick = move |number| {
        event(my_name(), format_args!("count={number}"));
        for (meeting, at) in meetings.iter().zip([1, count]) {
            if number == at {
                meeting.meet().expect("a pipe of our own");
            }
        }
        if number == count && my_name() == unlucky {
            // Unwinds as a panic does, without the message.
            resume_unwind(Box::new("told to panic"));
        }
    };

    event(my_name(), "begin");
    let count_in_all = || count_in_threads(&names, count, tick);
    if nobody_panics {
        count_in_all();
    } else {
        // That it panics is what is asked of it.
        let _ = catch_unwind(AssertUnwindSafe(count_in_all));
    }
    event(my_name(), "end");
    Ok(())
}
