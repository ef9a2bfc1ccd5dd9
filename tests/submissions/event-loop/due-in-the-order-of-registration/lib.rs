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

type Timer<'a> = (Instant, Option<Box<dyn FnOnce() + 'a>>);

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<Timer<'a>>,
}

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
        self.timers.push((moment, Some(Box::new(handler))));
    }

    /// Fires what is due; how long until the next?
    fn timers(&mut self) -> Option<Duration> {
        let now = Instant::now();
        for (moment, handler) in &mut self.timers {
            if *moment <= now {
                if let Some(handler) = handler.take() {
                    handler();
                }
            }
        }
        self.timers.retain(|(_, handler)| handler.is_some());
        let next = self.timers.iter().map(|(moment, _)| *moment).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    pub fn run(mut self) -> io::Result<()> {
        while !self.sources.is_empty() {
            let timeout = match self.timers() {
                None => PollTimeout::NONE,
                Some(left) => PollTimeout::try_from(left.as_micros().div_ceil(1000))
                    .unwrap_or(PollTimeout::MAX),
            };
            let mut list: Vec<_> = self
                .sources
                .iter()
                .map(|source| PollFd::new(source.file.as_fd(), PollFlags::POLLIN))
                .collect();
            match poll(&mut list, timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            let ready: Vec<_> = list.iter().map(|fd| fd.any().unwrap_or(false)).collect();
            for (source, ready) in self.sources.iter_mut().zip(ready) {
                if !ready {
                    continue;
                }
                let mut bytes = [0; 4096];
                let count = source.file.read(&mut bytes)?;
                source.begun.extend_from_slice(&bytes[..count]);
                while let Some(end) = source.begun.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<_> = source.begun.drain(..=end).collect();
                    (source.handler)(Some(std::str::from_utf8(&line[..end]).unwrap()));
                }
                if count == 0 {
                    if !source.begun.is_empty() {
                        (source.handler)(Some(std::str::from_utf8(&source.begun).unwrap()));
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
