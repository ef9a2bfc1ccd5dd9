//! A keeper by itself, as the grader is one when its first argument says so.

use std::process::exit;

fn main() {
    exit(keeper::serve_if_asked().unwrap_or(2));
}
