//! A read that fills the array is taken to mean that the rest of the message is to come.

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

impl Source<'_> {
    /// One read. Says whether the source goes on.
    fn read(&mut self) -> io::Result<bool> {
        let mut array = [0; 1024];
        let n = self.file.read(&mut array)?;
        self.begun.extend(&array[..n]);
        if n == array.len() {
            // There is more: cut it into lines when all of it is here.
            return Ok(true);
        }
        let mut start = 0;
        while let Some(length) = self.begun[start..].iter().position(|&byte| byte == b'\n') {
            let line = std::str::from_utf8(&self.begun[start..start + length]).unwrap();
            (self.handler)(Some(line));
            start += length + 1;
        }
        self.begun.drain(..start);
        if n > 0 {
            return Ok(true);
        }
        if !self.begun.is_empty() {
            (self.handler)(Some(std::str::from_utf8(&self.begun).unwrap()));
        }
        (self.handler)(None);
        Ok(false)
    }
}

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<(Instant, Box<dyn FnOnce() + 'a>)>,
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
        self.timers.push((moment, Box::new(handler)));
    }

    pub fn run(mut self) -> io::Result<()> {
        self.timers.sort_by_key(|&(moment, _)| moment);
        let mut timers = self.timers.into_iter().peekable();
        while !self.sources.is_empty() {
            while let Some((_, handler)) = timers.next_if(|(moment, _)| *moment <= Instant::now()) {
                handler();
            }
            let timeout = timers.peek().map_or(PollTimeout::NONE, |(moment, _)| {
                let left = moment.saturating_duration_since(Instant::now());
                PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
            });
            let mut fds: Vec<_> = self
                .sources
                .iter()
                .map(|source| PollFd::new(source.file.as_fd(), PollFlags::POLLIN))
                .collect();
            match poll(&mut fds, timeout) {
                Err(Errno::EINTR) => continue,
                result => result?,
            };
            let ready: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(true)).collect();
            for at in (0..ready.len()).rev().filter(|&at| ready[at]) {
                while let Some((_, handler)) =
                    timers.next_if(|(moment, _)| *moment <= Instant::now())
                {
                    handler();
                }
                if !self.sources[at].read()? {
                    self.sources.remove(at);
                }
            }
        }
        Ok(())
    }
}
