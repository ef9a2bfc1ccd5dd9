//! Threads wait for a password; another thread publishes it.
//!
//!     cargo run -p event -- --waiters 3 --password sesame --publish 1 --timeout-ms 60000
//!
//! With `--publish 0` nobody publishes or sets anything, and everybody waits. With `--alone-ms` main
//! does nothing but wait that long for an event that nobody sets.

use std::thread;
use std::time::Duration;

use event::{Event, Handover};
use stage::{Arguments, event};

fn main() {
    let arguments = Arguments::take(&["waiters", "password", "publish", "timeout-ms", "alone-ms"]);
    let waiters = arguments.get("waiters", 3);
    let password = arguments.get("password", "sesame".to_owned());
    let publish = arguments.get("publish", 1) != 0;
    let timeout = Duration::from_millis(arguments.get("timeout-ms", 60_000));

    let alone = Duration::from_millis(arguments.get("alone-ms", 0));
    if !alone.is_zero() {
        event("main", format_args!("set={}", Event::new().wait_timeout(alone)));
        return;
    }
    hand_over(waiters, &password, publish);
    time_out(timeout);
}

/// `waiters` threads and the main thread wait for a password that another thread publishes.
fn hand_over(waiters: usize, password: &str, publish: bool) {
    let (handover, never_set) = (Handover::new(), Event::new());
    thread::scope(|scope| {
        for number in 1..=waiters {
            let handover = &handover;
            scope.spawn(move || check(&format!("waiter-{number}"), handover));
        }
        if publish {
            scope.spawn(|| handover.publish(password));
        } else {
            scope.spawn(|| never_set.wait());
        }
        check("main", &handover);
    });
}

/// Waits for the password and says what it was.
fn check(who: &str, handover: &Handover) {
    event(who, "asks");
    event(who, format_args!("received={}", handover.receive()));
}

/// One event that is never set, and one that is set long before its time is up.
fn time_out(timeout: Duration) {
    let event_never_set = Event::new();
    let set = event_never_set.wait_timeout(Duration::from_millis(5));
    event("main", format_args!("never={set}"));

    let event_set_soon = Event::new();
    thread::scope(|scope| {
        scope.spawn(|| event_set_soon.set());
        event("main", format_args!("soon={}", event_set_soon.wait_timeout(timeout)));
    });
}
