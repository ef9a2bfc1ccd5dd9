//! [`std::process`] under the explorer: ending the process ends the schedule, and is reported.

pub use std::process::*;

use shuttle_engine::runtime::thread::switch;

use crate::engine::run::End;
use crate::engine::with_run;

/// Ends the exploration: a program that ends its process cannot be explored.
pub fn exit(code: i32) -> ! {
    leave(format!("calls std::process::exit({code})"));
    std::process::exit(code)
}

/// Ends the exploration: a program that ends its process cannot be explored.
pub fn abort() -> ! {
    leave("calls std::process::abort()".to_owned());
    std::process::abort()
}

/// Breaks the schedule off. Returns only outside of an exploration.
pub(crate) fn leave(what: String) {
    // After the end of the test nothing counts any more, but the process goes on.
    let inside = with_run(|run| {
        run.end.get_or_insert(End::Escape(what));
    });
    if inside.is_some() {
        loop {
            switch();
        }
    }
}
