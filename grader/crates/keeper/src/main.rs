//! A keeper by itself: what the grader is when its first argument says so.

use std::process::ExitCode;

fn main() -> ExitCode {
    keeper::serve(std::env::args().skip(2))
}
