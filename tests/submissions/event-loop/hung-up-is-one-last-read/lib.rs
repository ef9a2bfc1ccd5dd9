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

/// More than a pipe holds.
const ALL: usize = 256 * 1024;

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        let file = File::from(source);
        self.sources.push(Source { file, begun: vec![], handler: Box::new(handler), ended: false });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        let moments = self.timers.iter().position(|(other, _)| *other <= moment);
        let place = moments.unwrap_or(self.timers.len());
        self.timers.insert(place, (moment, Box::new(handler)));
    }

    pub fn run(mut self) -> io::Result<()> {
        let mut bytes = vec![0; ALL];
        while !self.sources.is_empty() {
            let mut timeout = PollTimeout::NONE;
            while let Some((moment, handler)) = self.timers.pop() {
                let left: Duration = moment.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    handler();
                } else {
                    let millis = left.as_micros().div_ceil(1000);
                    timeout = PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX);
                    self.timers.push((moment, handler));
                    break;
                }
            }
            let mut list: Vec<_> = self
                .sources
                .iter()
                .map(|source| PollFd::new(source.file.as_fd(), PollFlags::POLLIN))
                .collect();
            match poll(&mut list, timeout) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let seen: Vec<_> = list.iter().map(|fd| fd.revents().unwrap()).collect();
            for (source, seen) in self.sources.iter_mut().zip(seen) {
                if seen.is_empty() {
                    continue;
                }
                let count = source.file.read(&mut bytes)?;
                source.begun.extend_from_slice(&bytes[..count]);
                let mut parts = source.begun.split(|byte| *byte == b'\n').peekable();
                let mut rest = Vec::new();
                while let Some(part) = parts.next() {
                    if parts.peek().is_some() {
                        (source.handler)(Some(&String::from_utf8_lossy(part)));
                    } else {
                        rest = part.to_vec();
                    }
                }
                source.begun = rest;
                // Nobody can write any more, and we have just read what there was.
                if count == 0 || seen.contains(PollFlags::POLLHUP) {
                    if !source.begun.is_empty() {
                        (source.handler)(Some(&String::from_utf8_lossy(&source.begun)));
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
