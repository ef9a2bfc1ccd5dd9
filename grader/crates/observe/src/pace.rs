//! When to look at `/proc`: rarely enough to cost next to nothing.
//!
//! The processor time of the whole run is the hint. It takes a system call per
//! process to read, and as long as it grows somebody runs, so there is nothing to
//! prove. Once it stands still, one attempt tells why; as long as it goes on
//! standing still, no task has run since, and the answer is the same.

use std::time::Duration;

/// Decides when an attempt at a proof is worth its cost.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Whether to attempt at every glance, to see whether that ever goes wrong.
    relentless: bool,
    /// Attempts made.
    attempts: u64,
    /// The last glance.
    glanced: Duration,
    last: Option<Duration>,
    /// Whether `last` has been attempted on already, and when.
    attempted: Option<Duration>,
    cost: Duration,
    /// No attempt before this moment.
    not_before: Duration,
    /// No task has run since this moment.
    pub(crate) moved: Duration,
}

/// An attempt may take this part of the time at most.
const SHARE: u32 = 200;

impl Pace {
    /// Attempts without pause, whatever the hint says.
    pub(crate) fn relentless() -> Self {
        Self { relentless: true, ..Self::default() }
    }

    /// Attempts made so far.
    pub(crate) fn attempts(&self) -> u64 {
        self.attempts
    }

    /// How long to sleep before the next glance.
    pub(crate) fn interval(&self, now: Duration) -> Duration {
        if self.relentless {
            return Duration::ZERO;
        }
        // Young runs are short, and so is the time that a person likes to wait.
        if now < Duration::from_secs(2) {
            Duration::from_millis(1)
        } else {
            Duration::from_millis(3)
        }
    }

    /// Whether to attempt a proof, given the processor time used so far.
    pub(crate) fn glance(&mut self, cpu: Duration, now: Duration) -> bool {
        let before = std::mem::replace(&mut self.glanced, now);
        if self.last != Some(cpu) {
            self.last = Some(cpu);
            self.attempted = None;
            // It ran at some moment since the last glance, perhaps just after it.
            self.moved = before;
            return self.relentless;
        }
        if now < self.not_before {
            return false;
        }
        match self.attempted {
            _ if self.relentless => true,
            None => true,
            // Somebody outside may have let go of something in the meantime.
            Some(before) => now - before > (self.cost * SHARE).max(Duration::from_millis(100)),
        }
    }

    /// Whether to look for a loop although nothing suggests one: now and then, where the
    /// point is to see whether looking ever goes wrong.
    pub(crate) fn looks_for_loops(&self) -> bool {
        self.relentless && self.attempts % 64 == 63
    }

    /// Puts off further attempts.
    pub(crate) fn put_off(&mut self, until: Duration) {
        self.not_before = until;
    }

    /// Notes an attempt that began at `from` and ended at `to` without a proof.
    ///
    /// One that found somebody awake is repeated soon.
    pub(crate) fn attempted(&mut self, from: Duration, to: Duration, somebody_awake: bool) {
        self.attempts += 1;
        self.cost = to - from;
        if !somebody_awake {
            self.attempted = Some(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn nothing_is_attempted_while_the_run_uses_the_processor() {
        let mut pace = Pace::default();
        assert!((1..100).all(|tick| !pace.glance(ms(tick), ms(tick))));
    }

    #[test]
    fn one_attempt_is_made_when_it_stands_still() {
        let mut pace = Pace::default();
        assert!(!pace.glance(ms(5), ms(10)));
        assert!(pace.glance(ms(5), ms(11)));
        pace.attempted(ms(11), ms(12), false);
        assert!(!pace.glance(ms(5), ms(13)));
        assert!(pace.glance(ms(5), ms(400)));
    }

    #[test]
    fn an_attempt_that_met_somebody_awake_is_repeated() {
        let mut pace = Pace::default();
        pace.glance(ms(5), ms(10));
        assert!(pace.glance(ms(5), ms(11)));
        pace.attempted(ms(11), ms(12), true);
        assert!(pace.glance(ms(5), ms(12)));
    }
}
