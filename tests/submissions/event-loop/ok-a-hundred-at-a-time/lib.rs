//! Reads into a hundred bytes, and looks through all that has come each time.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<Timer<'a>>,
}

struct Source<'a> {
    file: File,
    begun: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

struct Timer<'a> {
    moment: Instant,
    handler: Box<dyn FnOnce() + 'a>,
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
        let place = self.timers.partition_point(|timer| timer.moment > moment);
        self.timers.insert(place, Timer { moment, handler: Box::new(handler) });
    }

    pub fn run(mut self) -> io::Result<()> {
        while !self.sources.is_empty() {
            let ready = self.wait()?;
            self.fire();
            for place in ready.into_iter().rev() {
                if !self.sources[place].serve()? {
                    drop(self.sources.remove(place));
                }
            }
        }
        Ok(())
    }

    fn wait(&self) -> io::Result<Vec<usize>> {
        let sources = self.sources.iter().map(|source| source.file.as_fd());
        let mut polled: Vec<_> =
            sources.map(|source| PollFd::new(source, PollFlags::POLLIN)).collect();
        match poll(&mut polled, self.until_the_next_timer()) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = polled.iter().enumerate().filter(|(_, it)| it.any() == Some(true));
        Ok(ready.map(|(place, _)| place).collect())
    }

    fn until_the_next_timer(&self) -> PollTimeout {
        let Some(timer) = self.timers.last() else { return PollTimeout::NONE };
        let left = timer.moment.saturating_duration_since(Instant::now());
        PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
    }

    fn fire(&mut self) {
        while self.timers.last().is_some_and(|timer| timer.moment <= Instant::now()) {
            let timer = self.timers.pop().expect("there is one");
            (timer.handler)();
        }
    }
}

impl Source<'_> {
    fn serve(&mut self) -> io::Result<bool> {
        let mut piece = [0; 100];
        let count = self.file.read(&mut piece)?;
        self.begun.extend(&piece[..count]);
        if count == 0 && !self.begun.is_empty() {
            self.begun.push(b'\n');
        }
        while let Some(end) = self.begun.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.begun.drain(..=end).collect();
            (self.handler)(Some(&String::from_utf8_lossy(&line[..end])));
        }
        if count == 0 {
            (self.handler)(None);
        }
        Ok(count > 0)
    }
}
