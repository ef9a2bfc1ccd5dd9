//! Observes another program and prints the observation as JSON.
//!
//! `nested <wall limit in ms> <program> [args]`. Under observation itself, it cannot trace.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::time::Duration;

use observation::Request;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let wall = arguments.next().ok_or("no limit")?.parse()?;
    let mut request = Request::new(arguments.next().ok_or("no program")?);
    request.args = arguments.collect();
    request.limits.wall = Duration::from_millis(wall);
    println!("{}", serde_json::to_string(&observe::observe(&request)?)?);
    Ok(())
}
