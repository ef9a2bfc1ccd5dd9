//! A run that is asked to stop finishes what it has begun.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;

/// A flag that Ctrl-C sets, and whoever else asks politely. Asked twice, the grader ends at once.
pub(super) fn when_asked() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let asked = Arc::clone(&stop);
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&asked))
            .and_then(|_| signal_hook::flag::register(signal, asked))
            .context("cannot listen for Ctrl-C")?;
    }
    Ok(stop)
}
