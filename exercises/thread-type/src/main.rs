//! A song is played by a thread of a type of our own.
//!
//!     cargo run -p thread-type -- --title ballad --times 3
//!
//! The last play waits until the main thread has looked whether the song is alive. There is
//! at least one: `--times` is at least 1.

use std::fs;
use std::io;
use std::sync::Arc;
use std::thread;

use stage::{Arguments, Meeting, event};
use thread_type::song;

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["title", "times"]);
    let title = arguments.get("title", "ballad".to_owned());
    let times = arguments.get("times", 3);

    let looked = Arc::new(Meeting::new(2)?);
    let at_last = Arc::clone(&looked);
    let mut ballad = song(&title, times, move |number| {
        let who = thread::current().name().unwrap_or("unnamed").to_owned();
        event(who, format_args!("play={number}"));
        if number == times {
            at_last.meet().expect("a pipe of our own");
        }
    });
    let (name, alive) = (ballad.name(), ballad.is_alive());
    event("main", format_args!("name={name} alive={alive} threads={}", threads()));
    event("main", format_args!("start={:?}", ballad.start()));
    event("main", format_args!("again={:?} alive={}", ballad.start(), ballad.is_alive()));
    looked.meet()?;
    event("main", format_args!("join={:?} alive={}", ballad.join(), ballad.is_alive()));
    Ok(())
}

/// How many threads this process has, if the system tells.
fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(1, Iterator::count)
}
