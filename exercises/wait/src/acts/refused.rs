//! A start that fails.

use stage::{event, refuse_processes};
use wait::start;

pub fn refused() {
    if refuse_processes() {
        match start(|| 0) {
            Ok(pid) => event("refused", format_args!("started pid={pid}")),
            Err(error) => event("refused", format_args!("is an error: {error}")),
        }
    }
}
