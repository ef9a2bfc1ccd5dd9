//! Performs the canaries for the scene that it finds on standard input.

use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let mut scene = String::new();
    io::stdin().read_to_string(&mut scene)?;
    let report = jail::canary::perform(&serde_json::from_str(&scene)?);
    io::stdout().write_all(report.as_bytes())
}
