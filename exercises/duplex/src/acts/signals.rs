//! Signals that the parent handles while it waits.

use std::io::{self, Read, Write};
use std::process::{exit, id};

use duplex::{Message, Partner};
use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{event, until_asleep};

/// The partner makes its parent handle a signal before it replies; another child does so while
/// the parent waits for the partner, which is stopped until then. That other child ends meanwhile,
/// and is left alone.
pub fn wait_through_signals(message: &Message) -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    let parent = Pid::this();
    let disturb = || {
        until_asleep(parent.as_raw());
        let _ = kill(parent, Signal::SIGUSR1);
        until_asleep(parent.as_raw());
    };

    let (mut from, mut to) = io::pipe()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    let other = match unsafe { fork() }? {
        ForkResult::Child => {
            drop(to);
            let mut partner = [0; 4];
            from.read_exact(&mut partner)?;
            disturb();
            if let pid @ 1.. = i32::from_ne_bytes(partner) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
            }
            exit(77)
        }
        ForkResult::Parent { child } => child,
    };
    let mut partner = Partner::start(|request| {
        disturb();
        Message { name: request.name, fields: vec![("pid".to_owned(), i64::from(id()))] }
    })?;
    let reply = match partner.ask(message) {
        Ok(reply) => reply,
        Err(error) => {
            event("main", format_args!("no reply: {error}"));
            return Ok(());
        }
    };
    let pid = reply.fields.first().map_or(0, |&(_, pid)| pid as i32);
    // Only a partner that is another process can be held up.
    if pid > 0 && pid != parent.as_raw() {
        let _ = kill(Pid::from_raw(pid), Signal::SIGSTOP);
    }
    to.write_all(&pid.to_ne_bytes())?;
    match partner.finish() {
        Ok(()) => event("main", "finished"),
        Err(error) => event("main", format_args!("not finished: {error}")),
    }
    if pid > 0 && pid != parent.as_raw() && kill(Pid::from_raw(pid), None).is_ok() {
        event("main", "back before the partner has ended");
    }
    // Its signal comes only now if nothing was waited for.
    let ended = loop {
        match waitpid(other, None) {
            Err(Errno::EINTR) => {}
            ended => break ended,
        }
    };
    let left = ended == Ok(WaitStatus::Exited(other, 77));
    event("main", format_args!("other={}", if left { "left" } else { "taken" }));
    Ok(())
}
