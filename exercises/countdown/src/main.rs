//! A thread counts down while the main thread asks whether it is alive.
//!
//!     cargo run -p countdown -- --from 10 --daemon 1
//!
//! With `--daemon 1` a second countdown is left to itself, which would take years. With
//! `--forever 1` the last tick never ends. `--from` is at least 1.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use countdown::Countdown;
use stage::{Arguments, Meeting, event};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["from", "daemon", "forever"]);
    let from = arguments.get("from", 10);
    let daemon = arguments.get("daemon", 0) != 0;
    let forever = arguments.get("forever", 0) != 0;

    if daemon {
        // Ticks without a word: how far it gets is nobody's business.
        Countdown::start(u32::MAX, |_| thread::sleep(Duration::from_millis(100))).detach();
        event("main", "detached");
    }

    // The last tick waits until the main thread has asked.
    let asked = Arc::new(Meeting::new(2)?);
    let at_last = Arc::clone(&asked);
    let mut countdown = Countdown::start(from, move |left| {
        event("counter", format_args!("left={left}"));
        if left == 1 {
            at_last.meet().expect("a pipe of our own");
            if forever {
                loop {
                    thread::park();
                }
            }
        }
    });
    event("main", format_args!("before={}", countdown.is_alive()));
    asked.meet()?;
    countdown.join();
    event("main", format_args!("after={}", countdown.is_alive()));
    Ok(())
}
