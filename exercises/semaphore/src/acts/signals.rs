//! Workers that wait for a permit while signals come.

use std::io::{self, PipeWriter, Read, Write};
use std::process::exit;
use std::sync::OnceLock;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};
use semaphore::Semaphore;
use stage::{Gate, event, until_asleep};

/// How many signals one worker gets.
const SIGNALS: usize = 20;

/// Main takes all permits. A worker waits for one, then another; signals come that the first handles, one after the
/// other. Then main gives a permit, one more when somebody has got through, and a third; or none.
pub fn wait_through_signals(semaphore: &Semaphore, permits: usize, give: bool) -> io::Result<()> {
    static HANDLED: OnceLock<PipeWriter> = OnceLock::new();
    extern "C" fn say(_: i32) {
        // A write of one byte may be made in a handler.
        let _ = HANDLED.get().map(|mut pipe| pipe.write(&[0]));
    }
    (0..permits).try_for_each(|_| semaphore.acquire())?;
    let ready = Gate::new()?;
    let (mut handled, pipe) = io::pipe()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            HANDLED.get_or_init(|| pipe);
            // Without SA_RESTART: the kernel ends what it interrupts.
            let action =
                SigAction::new(SigHandler::Handler(say), SaFlags::empty(), SigSet::empty());
            // SAFETY: the handler makes one system call.
            unsafe { sigaction(Signal::SIGURG, &action) }?;
            ready.open()?;
            match semaphore.acquire() {
                Ok(()) => event("worker-1", "acquired"),
                Err(error) => event("worker-1", format_args!("failed: {error}")),
            }
            exit(0)
        }
        ForkResult::Parent { child } => {
            drop(pipe);
            ready.pass()?;
            until_asleep(child.as_raw());
            // SAFETY: as above.
            let behind = match unsafe { fork() }? {
                ForkResult::Child => exit(i32::from(semaphore.acquire().is_err())),
                ForkResult::Parent { child } => child,
            };
            until_asleep(behind.as_raw());
            let mut signals = 0;
            // A worker that did not wait has ended, and handles no more of them.
            while signals < SIGNALS {
                kill(child, Signal::SIGURG)?;
                if handled.read(&mut [0])? == 0 {
                    break;
                }
                signals += 1;
                until_asleep(child.as_raw());
            }
            event("main", format_args!("handled signals={signals}"));
            for _ in [child, behind] {
                if give {
                    semaphore.release()?;
                }
                // Whoever it is.
                wait()?;
            }
            event("main", format_args!("end value={}", semaphore.value()?));
            semaphore.release()?;
            event("main", format_args!("one-more value={}", semaphore.value()?));
            Ok(())
        }
    }
}
