//! Threads work on requests of their own, and ask deep inside whose it is.
//!
//!     cargo run -p thread-local -- --users ada,bob,chen --meet 3
//!
//! Inside, the first `--meet` threads wait for one another: each has bound its request by
//! then, and none has looked yet.

use std::io;
use std::thread;

use stage::{Arguments, Meeting, event};
use thread_local::{Request, current, rename, with_request};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["users", "meet"]);
    let users = ["ada", "bob", "chen"].map(str::to_owned).to_vec();
    let users: Vec<String> = arguments.list("users", users);
    let meeting = Meeting::new(arguments.get("meet", 3))?;

    let own = Request { user: "admin".to_owned(), number: 0 };
    with_request(own, || {
        thread::scope(|scope| {
            for (number, user) in (1..).zip(&users) {
                let meeting = &meeting;
                scope.spawn(move || serve(user, number, meeting));
            }
        });
        event("main", seen());
    });
    event("main", seen());
    Ok(())
}

/// Works on one request.
fn serve(user: &str, number: u32, meeting: &Meeting) {
    event(user, format_args!("before {}", seen()));
    with_request(Request { user: user.to_owned(), number }, || {
        meeting.meet().expect("a pipe of our own");
        event(user, seen());
        rename(&user.to_uppercase());
        event(user, format_args!("renamed {}", seen()));
    });
    event(user, format_args!("after {}", seen()));
}

/// Knows nothing of any request, and can tell all the same: that is the point.
fn seen() -> String {
    match current() {
        Some(Request { user, number }) => format!("request={user}-{number}"),
        None => "request=none".to_owned(),
    }
}
