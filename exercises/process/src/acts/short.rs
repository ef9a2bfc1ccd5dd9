//! Joins with timeouts that run out.

use std::io::{self, Read, Write};
use std::os::unix::process::parent_id;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use process::Process;
use stage::{Gate, event};

use super::child::{child_of, while_stopped};
use super::naps;
use crate::look;

/// Joins with timeouts that run out, and at last with one in whose first nap the process ends.
///
/// If it is to be `called`, its parent gets SIGCHLD again and again during the first of them.
pub fn live(who: &str, process: &mut Process, gate: &Rc<Gate>, called: bool) -> io::Result<()> {
    if process.join_timeout(Duration::ZERO)? {
        event(who, "ended at once");
    }
    let join = |process: &mut Process, timeout: Duration| {
        let start = Instant::now();
        let ended = process.join_timeout(timeout)?;
        let waited = start.elapsed();
        // However coarse the clock is by which it waits.
        if !ended && waited < timeout - (timeout / 2).min(Duration::from_millis(20)) {
            event(who, format_args!("came back after {waited:?} of {timeout:?}"));
        }
        io::Result::Ok(ended)
    };
    if called {
        for timeout in [100, 200, 400, 800].map(Duration::from_millis) {
            let pause = while_called(|| join(process, timeout).map(drop))?;
            // Whoever begins the timeout anew at each SIGCHLD would not be back by now.
            if pause < timeout {
                break;
            }
        }
    }
    while_stopped(process, |process| {
        let ended = join(process, Duration::from_millis(20))?;
        look(who, &format!("timeout ended={ended}"), process)
    })?;
    ends_in_a_nap(who, process, gate)
}

/// Does something while another child sends this process SIGCHLD again and again; the longest pause
/// in which none was sent.
fn while_called(act: impl FnOnce() -> io::Result<()>) -> io::Result<Duration> {
    let (parent, start) = (Pid::this(), Instant::now());
    let (mut reader, mut writer) = io::pipe()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            while parent_id().cast_signed() == parent.as_raw() {
                let _ = kill(parent, Signal::SIGCHLD);
                let _ = writer.write_all(&start.elapsed().as_secs_f64().to_ne_bytes());
                thread::sleep(Duration::from_millis(1));
            }
            // SAFETY: ends this process and does nothing else.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child: helper } => {
            let acted = act();
            let end = start.elapsed();
            kill(helper, Signal::SIGKILL)?;
            // Whoever handles SIGCHLD may still get one.
            while waitpid(helper, None) == Err(Errno::EINTR) {}
            acted?;
            drop(writer);
            let (mut last, mut longest, mut time) = (0.0, 0.0, [0; 8]);
            while reader.read_exact(&mut time).is_ok() {
                let time = f64::from_ne_bytes(time).min(end.as_secs_f64());
                longest = f64::max(longest, time - last);
                last = time;
            }
            Ok(Duration::from_secs_f64(longest.max(end.as_secs_f64() - last)))
        }
    }
}

/// Joins a process that ends in the first nap of the join, if that naps at all; when the nap is over
/// there is no time left.
fn ends_in_a_nap(who: &str, process: &mut Process, gate: &Rc<Gate>) -> io::Result<()> {
    let (child, gate, timeout) = (child_of(process), gate.clone(), Duration::from_millis(5));
    let let_go = gate.clone();
    naps::before_the_next(move || {
        let _ = let_go.open();
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        while child.map(|child| waitid(Id::Pid(child), flags)) == Some(Err(Errno::EINTR)) {}
        thread::sleep(timeout);
    });
    let ended = process.join_timeout(timeout)?;
    if naps::came() {
        event(who, format_args!("napped ended={ended}"));
    } else {
        gate.open()?;
    }
    if ended { Ok(()) } else { process.join() }
}
