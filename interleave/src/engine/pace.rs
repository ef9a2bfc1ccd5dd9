//! How time passes in a schedule: when timers fire, and what a look at the clock costs.
//!
//! Time stands still as long as something happens that another thread could notice. It passes
//! when nothing can run, and when whatever runs only looks: a thread that spins until another
//! has slept, or until a deadline, would otherwise spin for ever.

use std::time::Duration;

use super::Run;

/// Steps without a change after which time passes although a thread can run, if it is the only
/// one.
const ALONE: usize = 200;

/// The same where several can: each of them has had many turns by then.
const PATIENCE: usize = 1_000;

/// Steps after which a timer fires in any case: there are threads that change something each
/// time they look, if only a counter of their looks.
const LONGEST: usize = 5_000;

/// Looks at the clock without a change between them that cost no more than [`MOMENT`] each.
const LOOKS: u32 = 100;

/// Nanoseconds that a look at the clock takes.
const MOMENT: u64 = 1_000;

impl Run {
    /// Notes that something happened which another thread could wait for.
    pub(crate) fn changes(&mut self) {
        self.changed = self.schedule.tasks.len();
        self.looks = 0;
    }

    /// Steps since then: all that threads have done meanwhile is to look, or to lock and unlock.
    pub(crate) fn quiet(&self) -> usize {
        self.schedule.tasks.len() - self.changed
    }

    /// Whether time has to pass although `ready` threads can run.
    pub(crate) fn only_looks(&self, ready: usize) -> bool {
        let quiet = self.quiet();
        quiet >= PATIENCE || (ready == 1 && quiet >= ALONE) || self.since_timer >= LONGEST
    }

    /// The present moment, since an arbitrary one.
    ///
    /// In a long row of looks each takes twice as long as the one before, up to a second and
    /// no longer than until the next timer is due, so that a loop that waits for a deadline
    /// ends. A thread that others could overtake meanwhile gets no such row.
    pub(crate) fn look_at_clock(&mut self) -> Duration {
        self.looks += 1;
        let doublings = self.looks.saturating_sub(LOOKS).min(20);
        let mut cost = MOMENT;
        if self.alone || self.quiet() >= PATIENCE {
            cost <<= doublings;
        }
        let waits = self.tasks.iter().filter_map(|task| task.wait.as_ref()?.deadline);
        if let Some(next) = waits.filter(|&deadline| deadline > self.now).min() {
            cost = cost.min(next - self.now);
        }
        self.now = self.now.saturating_add(cost);
        Duration::from_nanos(self.now)
    }
}
