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

/// How exact timers are.
const TICK: Duration = Duration::from_millis(10);

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
        self.timers.push((moment, Box::new(handler)));
    }

    fn tick(&mut self) {
        self.timers.sort_by_key(|(moment, _)| *moment);
        let now = Instant::now();
        let due = self.timers.partition_point(|(moment, _)| *moment <= now);
        for (_, handler) in self.timers.drain(..due) {
            handler();
        }
    }

    pub fn run(mut self) -> io::Result<()> {
        while !self.sources.is_empty() {
            self.tick();
            let timeout = if self.timers.is_empty() {
                PollTimeout::NONE
            } else {
                PollTimeout::try_from(TICK).unwrap()
            };
            let mut list = Vec::new();
            for source in &self.sources {
                list.push(PollFd::new(source.file.as_fd(), PollFlags::POLLIN));
            }
            let woken = poll(&mut list, timeout);
            let ready: Vec<bool> = list.iter().map(|fd| fd.any() == Some(true)).collect();
            match woken {
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(io::Error::from(error)),
            }
            for (source, _) in self.sources.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
                let mut bytes = [0; 4096];
                let count = source.file.read(&mut bytes)?;
                source.begun.extend(&bytes[..count]);
                while let Some(end) = source.begun.iter().position(|byte| *byte == b'\n') {
                    let rest = source.begun.split_off(end + 1);
                    source.begun.truncate(end);
                    (source.handler)(Some(&String::from_utf8_lossy(&source.begun)));
                    source.begun = rest;
                }
                source.ended = count == 0;
                if source.ended {
                    if !source.begun.is_empty() {
                        (source.handler)(Some(&String::from_utf8_lossy(&source.begun)));
                    }
                    (source.handler)(None);
                }
            }
            self.sources.retain(|source| !source.ended);
        }
        Ok(())
    }
}
