use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

const BUDGET: usize = 16;

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
    /// At most so many lines a turn, so that the others get theirs (as tokio's budget).
    fn some_lines(&mut self, budget: usize) {
        for _ in 0..budget {
            let Some(at) = self.begun.iter().position(|&b| b == b'\n') else { break };
            let line: Vec<u8> = self.begun.drain(..=at).collect();
            (self.handler)(Some(std::str::from_utf8(&line[..at]).unwrap()));
        }
    }

    fn end(&mut self) {
        self.some_lines(usize::MAX);
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

    fn patience(&self) -> PollTimeout {
        let Some((moment, _)) = self.timers.first() else { return PollTimeout::NONE };
        let left = moment.saturating_duration_since(Instant::now());
        PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
    }

    fn ready(&self, patience: PollTimeout) -> io::Result<Vec<bool>> {
        let mut fds: Vec<_> =
            self.sources.iter().map(|s| PollFd::new(s.file.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut fds, patience) {
            Err(Errno::EINTR) => return Ok(vec![false; fds.len()]),
            other => other?,
        };
        Ok(fds.iter().map(|fd| fd.any().unwrap_or(true)).collect())
    }

    pub fn run(mut self) -> io::Result<()> {
        self.timers.sort_by_key(|timer| timer.0);
        let mut buffer = [0; 8192];
        while !self.sources.is_empty() {
            let ready = self.ready(self.patience())?;
            self.fire();
            let mut index = 0;
            for ready in ready {
                let count = if ready { self.sources[index].file.read(&mut buffer)? } else { 1 };
                let source = &mut self.sources[index];
                if ready {
                    source.begun.extend_from_slice(&buffer[..count]);
                    source.some_lines(BUDGET);
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
