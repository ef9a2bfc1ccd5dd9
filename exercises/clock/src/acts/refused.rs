//! A start that fails.

use std::io;

use clock::Process;
use stage::{event, refuse_processes};

use crate::Greeter;

/// A start for which there is no process.
pub fn refused(greeter: Greeter) -> io::Result<()> {
    if !refuse_processes() {
        event("main", "cannot refuse processes here");
    } else if let Err(error) = greeter.start() {
        event("main", "refused");
        eprintln!("the error says: {error}");
    }
    Ok(())
}
