//! A task for which there is no room.

use std::io;
use std::process::id;

use isolation::{in_process, in_thread};
use stage::{event, refuse_processes};

/// A task for which there is no process or thread.
pub fn refused(process: bool) -> io::Result<()> {
    if !refuse_processes() {
        event("main", "cannot refuse processes here");
        return Ok(());
    }
    let work = || event("inside", format_args!("pid={}", id()));
    match if process { in_process(work) } else { in_thread(work) } {
        Ok(end) => event("end-1", end),
        Err(error) => {
            event("end-1", "error");
            eprintln!("the error says: {error}");
        }
    }
    Ok(())
}
