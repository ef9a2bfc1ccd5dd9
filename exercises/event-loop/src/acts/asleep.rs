//! A listener that sleeps, and is disturbed.

use std::io;
use std::os::fd::OwnedFd;
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid};

use super::world::say;
use crate::Script;

impl Script {
    pub fn disturb_asleep(&self, mouths: &[Option<OwnedFd>]) -> io::Result<()> {
        for (number, mouth) in mouths.iter().enumerate() {
            say(mouth, &self.line(number, 0).as_bytes()[..3])?;
        }
        let listener = getppid();
        until_it_sleeps(listener)?;
        let times = times_asleep(listener)?;
        kill(listener, Signal::SIGUSR1)?;
        while times_asleep(listener)? == times {
            thread::yield_now();
        }
        until_it_sleeps(listener)
    }
}

/// Returns once the process sleeps or has ended; one that never does is waited for until the run
/// is over.
fn until_it_sleeps(process: Pid) -> io::Result<()> {
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
        // Behind the name, which stands in brackets.
        if stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['S', 'Z'])) {
            return Ok(());
        }
        thread::yield_now();
    }
}

/// How often the first thread of a process has given up the processor by itself.
pub fn times_asleep(process: Pid) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let mut lines = status.lines();
    let times = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    times.and_then(|times| times.trim().parse().ok()).ok_or(io::ErrorKind::InvalidData.into())
}
