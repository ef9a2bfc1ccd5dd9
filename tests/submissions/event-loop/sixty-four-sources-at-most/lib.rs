use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

struct Source<'a> {
    file: File,
    begun: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
    ended: bool,
}

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<(Instant, Box<dyn FnOnce() + 'a>)>,
}

/// `struct pollfd fds[MAX_FDS]`
const MAX_FDS: usize = 64;

fn milliseconds(left: Duration) -> PollTimeout {
    PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::with_capacity(MAX_FDS), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        let file = File::from(source);
        self.sources.push(Source { file, begun: vec![], handler: Box::new(handler), ended: false });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, Box::new(handler)));
        self.timers.sort_by(|a, b| b.0.cmp(&a.0));
    }

    pub fn run(mut self) -> io::Result<()> {
        while !self.sources.is_empty() {
            while self.timers.last().is_some_and(|timer| timer.0 <= Instant::now()) {
                (self.timers.pop().unwrap().1)();
            }
            let left = self.timers.last().map(|t| t.0.saturating_duration_since(Instant::now()));
            let timeout = left.map_or(PollTimeout::NONE, milliseconds);
            let mut ready = [false; MAX_FDS];
            {
                let mut fds: Vec<PollFd> = self
                    .sources
                    .iter()
                    .take(MAX_FDS)
                    .map(|source| PollFd::new(source.file.as_fd(), PollFlags::POLLIN))
                    .collect();
                match poll(&mut fds, timeout) {
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                }
                for (i, fd) in fds.iter().enumerate() {
                    ready[i] = fd.any().unwrap_or(false);
                }
            }
            for (source, _) in self.sources.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
                let mut bytes = [0; 2048];
                let count = source.file.read(&mut bytes)?;
                source.begun.extend_from_slice(&bytes[..count]);
                while let Some(end) = source.begun.iter().position(|&byte| byte == b'\n') {
                    let line: Vec<u8> = source.begun.drain(..end + 1).collect();
                    (source.handler)(Some(std::str::from_utf8(&line[..end]).expect("UTF-8")));
                }
                if count == 0 {
                    if !source.begun.is_empty() {
                        (source.handler)(Some(std::str::from_utf8(&source.begun).expect("UTF-8")));
                    }
                    (source.handler)(None);
                    source.ended = true;
                }
            }
            self.sources.retain(|source| !source.ended);
        }
        Ok(())
    }
}
