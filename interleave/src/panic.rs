//! [`std::panic`] under the explorer, which keeps count of who unwinds.

use std::any::Any;
pub use std::panic::{
    AssertUnwindSafe, Location, PanicHookInfo, RefUnwindSafe, UnwindSafe, panic_any,
};

use crate::engine::{task, with_run};

/// Runs `f` and catches its panic.
///
/// # Errors
///
/// The payload of the panic.
pub fn catch_unwind<F: FnOnce() -> R + UnwindSafe, R>(f: F) -> std::thread::Result<R> {
    task::catch(f)
}

/// Goes on with a panic that was caught.
pub fn resume_unwind(payload: Box<dyn Any + Send>) -> ! {
    with_run(|run| run.me().unwinding += 1);
    std::panic::resume_unwind(payload)
}

/// Not done under the explorer, which uses the hook itself.
pub fn set_hook(hook: Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>) {
    if with_run(|_| ()).is_none() {
        std::panic::set_hook(hook);
    }
}

/// Under the explorer, a hook that does nothing.
pub fn take_hook() -> Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static> {
    if with_run(|_| ()).is_none() { std::panic::take_hook() } else { Box::new(|_| ()) }
}
