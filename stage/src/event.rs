use std::fmt::Display;
use std::io::Write;

/// Prints `<who>: <what>` as one line in one write.
///
/// Lines of different processes and threads never mix, and whoever prints
/// first stands first: a line is out before the caller goes on.
///
/// ```
/// stage::event("worker-2", "enter");
/// stage::event("main", format_args!("value={}", 3));
/// ```
pub fn event(who: impl Display, what: impl Display) {
    say(&who, &what);
}

/// Not generic, so that it is compiled here and not again with every driver.
fn say(who: &dyn Display, what: &dyn Display) {
    let line = format!("{who}: {what}\n");
    // Not `println!`: its lock and buffer belong to one process, and a fork copies both.
    let written = std::io::stdout().lock().write_all(line.as_bytes());
    // Nobody listens any more when the pipe is gone; the run is being ended.
    if written.is_err() {
        std::process::exit(1);
    }
}
