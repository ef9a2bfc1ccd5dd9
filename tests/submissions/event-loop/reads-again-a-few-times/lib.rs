//! As long as reads fill the array there is more, so it reads on, but not for ever.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

const BUFFER: usize = 4096;

/// Reads of one source in a turn at most.
const TIMES: usize = 10;

struct Source<'a> {
    file: File,
    begun: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    /// sorted by moment
    timers: Vec<(Instant, Box<dyn FnOnce() + 'a>)>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        self.sources.push(Source {
            file: File::from(source),
            begun: Vec::new(),
            handler: Box::new(handler),
        });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        let place = self.timers.partition_point(|(other, _)| *other <= moment);
        self.timers.insert(place, (moment, Box::new(handler)));
    }

    fn timeout(&self) -> PollTimeout {
        let Some((moment, _)) = self.timers.first() else { return PollTimeout::NONE };
        let left = moment.saturating_duration_since(Instant::now());
        PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
    }

    pub fn run(mut self) -> io::Result<()> {
        while !self.sources.is_empty() {
            while self.timers.first().is_some_and(|(moment, _)| *moment <= Instant::now()) {
                let (_, handler) = self.timers.remove(0);
                handler();
            }
            let ready: Vec<bool> = {
                let mut fds: Vec<PollFd> = self
                    .sources
                    .iter()
                    .map(|s| PollFd::new(s.file.as_fd(), PollFlags::POLLIN))
                    .collect();
                match poll(&mut fds, self.timeout()) {
                    Err(Errno::EINTR) => continue,
                    other => other?,
                };
                fds.iter().map(|fd| fd.any() == Some(true)).collect()
            };
            let mut ended = Vec::new();
            for (source, ready) in self.sources.iter_mut().zip(&ready) {
                ended.push(*ready && source.read()?);
            }
            let mut ended = ended.into_iter();
            self.sources.retain(|_| !ended.next().unwrap());
        }
        Ok(())
    }
}

impl Source<'_> {
    /// Reads what is there; true at the end.
    fn read(&mut self) -> io::Result<bool> {
        let mut buffer = vec![0; BUFFER];
        for _ in 0..TIMES {
            match self.file.read(&mut buffer) {
                Ok(0) => return self.end().map(|()| true),
                Ok(n) => {
                    self.hand_on(&buffer[..n])?;
                    if n < BUFFER {
                        return Ok(false);
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(false)
    }

    /// Hands on the lines that are complete.
    fn hand_on(&mut self, new: &[u8]) -> io::Result<()> {
        let mut rest = new;
        while let Some(end) = rest.iter().position(|&b| b == b'\n') {
            self.begun.extend_from_slice(&rest[..end]);
            self.say()?;
            rest = &rest[end + 1..];
        }
        self.begun.extend_from_slice(rest);
        Ok(())
    }

    fn say(&mut self) -> io::Result<()> {
        let line = String::from_utf8(std::mem::take(&mut self.begun)).map_err(io::Error::other)?;
        (self.handler)(Some(&line));
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        if !self.begun.is_empty() {
            self.say()?;
        }
        (self.handler)(None);
        Ok(())
    }
}
