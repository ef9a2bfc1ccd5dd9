use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, TimerSetTimeFlags};
use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};

struct Source<'a> {
    file: File,
    begun: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<(Instant, Box<dyn FnOnce() + 'a>)>,
}

impl Source<'_> {
    fn lines(&mut self) {
        while let Some(at) = self.begun.iter().position(|&b| b == b'\n') {
            let line: Vec<u8> = self.begun.drain(..=at).collect();
            (self.handler)(Some(std::str::from_utf8(&line[..at]).unwrap()));
        }
    }

    fn end(&mut self) {
        self.lines();
        let rest = std::mem::take(&mut self.begun);
        if !rest.is_empty() {
            (self.handler)(Some(std::str::from_utf8(&rest).unwrap()));
        }
        (self.handler)(None);
    }
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        let handler = Box::new(handler);
        self.sources.push(Source { file: File::from(source), begun: Vec::new(), handler });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, Box::new(handler)));
    }

    fn fire(&mut self) {
        while self.timers.first().is_some_and(|timer| timer.0 <= Instant::now()) {
            (self.timers.remove(0).1)();
        }
    }

    /// A timerfd knows nanoseconds and has no largest time.
    fn set(&self, clock: &TimerFd) -> io::Result<()> {
        if let Some((moment, _)) = self.timers.first() {
            let left = moment.saturating_duration_since(Instant::now());
            let left = Expiration::OneShot(TimeSpec::from_duration(left));
            clock.set(left, TimerSetTimeFlags::empty())?;
        } else {
            clock.unset()?;
        }
        Ok(())
    }

    fn ready(&self, clock: &TimerFd) -> io::Result<Vec<bool>> {
        let mut fds: Vec<_> =
            self.sources.iter().map(|s| PollFd::new(s.file.as_fd(), PollFlags::POLLIN)).collect();
        fds.push(PollFd::new(clock.as_fd(), PollFlags::POLLIN));
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => return Ok(vec![false; self.sources.len()]),
            other => other?,
        };
        Ok(fds[..self.sources.len()].iter().map(|fd| fd.any().unwrap_or(true)).collect())
    }

    pub fn run(mut self) -> io::Result<()> {
        self.timers.sort_by_key(|timer| timer.0);
        let clock = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::empty())?;
        let mut buffer = [0; 8192];
        while !self.sources.is_empty() {
            self.set(&clock)?;
            let ready = self.ready(&clock)?;
            self.fire();
            let mut index = 0;
            for ready in ready {
                let count = if ready { self.sources[index].file.read(&mut buffer)? } else { 1 };
                let source = &mut self.sources[index];
                if ready {
                    source.begun.extend_from_slice(&buffer[..count]);
                    source.lines();
                }
                if count == 0 {
                    self.fire();
                    let mut ended = self.sources.remove(index);
                    ended.end();
                } else {
                    index += 1;
                }
            }
        }
        Ok(())
    }
}
