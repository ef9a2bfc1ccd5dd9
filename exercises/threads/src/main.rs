//! Named threads count; the main thread waits for them.
//!
//!     cargo run -p threads -- --names ada,bob --count 5 --meet 2
//!
//! At their first tick, and at their last, the first `--meet` threads wait for one another:
//! they can only meet if they run at the same time.

use std::io;
use std::sync::Arc;

use stage::{Arguments, Meeting, event};
use threads::{count_in_threads, my_name};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["names", "count", "meet"]);
    let names = arguments.list("names", vec!["ada".to_owned(), "bob".to_owned()]);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let count = arguments.get("count", 5);
    let meet = arguments.get("meet", 1);
    let meetings = Arc::new([Meeting::new(meet)?, Meeting::new(meet)?]);

    event(my_name(), "begin");
    count_in_threads(&names, count, move |number| {
        event(my_name(), format_args!("count={number}"));
        for (meeting, at) in meetings.iter().zip([1, count]) {
            if number == at {
                meeting.meet().expect("a pipe of our own");
            }
        }
    });
    event(my_name(), "end");
    Ok(())
}
