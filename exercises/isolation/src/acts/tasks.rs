//! Tasks of other kinds.

use std::hint::black_box;
use std::io;
use std::panic::{catch_unwind, resume_unwind};

use isolation::{End, in_process, in_thread};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::getppid;
use stage::{event, stop_for_a_while, until_asleep};

/// Ends in one of the other ways, or just returns.
pub fn perform(task: &str) {
    match task {
        // As `panic!` with something to format does.
        "panic-text" => resume_unwind(Box::new(format!("told to {task}"))),
        // As `panic_any` does.
        "panic-value" => resume_unwind(Box::new(42)),
        "stop" => stop_for_a_while(),
        "large" => take_room(),
        "caught" => drop(catch_unwind(|| panic!("this panic is caught by the task itself"))),
        "interrupt" => (0..3).for_each(|_| {
            until_asleep(getppid().as_raw());
            kill(getppid(), Signal::SIGUSR1).expect("the caller is there");
        }),
        _ => {}
    }
}

/// Has half as much on its stack as a thread of std's may have.
#[inline(never)]
fn take_room() {
    black_box(&mut [1_u8; 1 << 20]);
}

/// A task that has a task of its own, which panics; that is no panic of this one.
pub fn has_one_that_panics(process: bool) {
    fn panics() {
        resume_unwind(Box::new("told to panic"))
    }
    let end = if process { in_process(panics) } else { in_thread(panics) };
    if !matches!(end, Ok(End::Panicked)) {
        event("inside", format_args!("{end:?} is said of a task that panicked"));
    }
}

/// From now on a signal ends every call that it interrupts, and nothing else.
pub fn be_interrupted() -> io::Result<()> {
    extern "C" fn ignore(_: libc::c_int) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
}
