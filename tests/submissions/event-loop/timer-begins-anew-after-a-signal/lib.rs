//! poll in a loop of its own, which is not disturbed by signals.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

struct Source<'a> {
    file: File,
    begun: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

struct Timer<'a> {
    moment: Instant,
    handler: Box<dyn FnOnce() + 'a>,
}

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<Timer<'a>>,
}

/// poll, but not disturbed by signals.
fn poll_again(fds: &mut [PollFd], timeout: PollTimeout) -> io::Result<i32> {
    loop {
        match poll(fds, timeout) {
            Err(Errno::EINTR) => continue,
            Err(e) => return Err(e.into()),
            Ok(n) => return Ok(n),
        }
    }
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        let file = File::from(source);
        self.sources.push(Source { file, begun: Vec::new(), handler: Box::new(handler) });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push(Timer { moment, handler: Box::new(handler) });
    }

    pub fn run(mut self) -> io::Result<()> {
        // The next one last.
        self.timers.sort_by(|a, b| b.moment.cmp(&a.moment));
        while !self.sources.is_empty() {
            let timeout = match self.timers.last() {
                None => PollTimeout::NONE,
                Some(timer) => {
                    let left = timer.moment.saturating_duration_since(Instant::now());
                    PollTimeout::try_from(left.as_micros().div_ceil(1000))
                        .unwrap_or(PollTimeout::MAX)
                }
            };
            let mut fds: Vec<_> = self
                .sources
                .iter()
                .map(|source| PollFd::new(source.file.as_fd(), PollFlags::POLLIN))
                .collect();
            poll_again(&mut fds, timeout)?;
            let ready: Vec<bool> = fds.iter().map(|fd| fd.any() == Some(true)).collect();

            while self.timers.last().is_some_and(|timer| timer.moment <= Instant::now()) {
                let timer = self.timers.pop().unwrap();
                (timer.handler)();
            }

            let mut still = Vec::new();
            for (mut source, ready) in self.sources.into_iter().zip(ready) {
                if ready {
                    let mut buf = [0; 4096];
                    let n = source.file.read(&mut buf)?;
                    source.begun.extend_from_slice(&buf[..n]);
                    while let Some(end) = source.begun.iter().position(|&b| b == b'\n') {
                        let line: Vec<u8> = source.begun.drain(..=end).collect();
                        (source.handler)(Some(std::str::from_utf8(&line[..end]).unwrap()));
                    }
                    if n == 0 {
                        if !source.begun.is_empty() {
                            (source.handler)(Some(std::str::from_utf8(&source.begun).unwrap()));
                        }
                        (source.handler)(None);
                        continue;
                    }
                }
                still.push(source);
            }
            self.sources = still;
        }
        Ok(())
    }
}
