//! Permits that are held while a panic unwinds.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use semaphore::{Semaphore, with_permit};
use stage::event;

use crate::TOLD_TO_PANIC;

pub fn hold_while_unwinding(semaphore: &Semaphore) {
    // Nobody else is there, so that it can be seen what a job takes.
    hold(semaphore, Some("calm"));
    let _told = catch_unwind(AssertUnwindSafe(|| {
        let _tidies = Tidies { semaphore, word: Some("unwinding") };
        resume_unwind(Box::new(TOLD_TO_PANIC))
    }));
}

/// Holds a permit for a moment when it is dropped, while a panic unwinds.
pub struct Tidies<'a> {
    pub semaphore: &'a Semaphore,
    /// With which word it tells how many are free meanwhile.
    pub word: Option<&'static str>,
}

impl Drop for Tidies<'_> {
    fn drop(&mut self) {
        hold(self.semaphore, self.word);
    }
}

/// Holds a permit for a moment.
fn hold(semaphore: &Semaphore, word: Option<&str>) {
    let job = || {
        if let Some(word) = word {
            event("main", format_args!("{word} value={}", semaphore.value()?));
        }
        Ok(())
    };
    if let Err(error) = with_permit(semaphore, job) {
        event("somebody", format_args!("tidies: {error}"));
    }
}
