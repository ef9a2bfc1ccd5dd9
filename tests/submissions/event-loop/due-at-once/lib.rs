//! One thread that serves many sources: an event loop.
//!
//! One `poll` waits for all sources and, by its timeout, for the next timer. What is ready gets
//! one `read`, which then cannot block. Whole lines go to the handler; the rest waits here.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// What is to be waited for, and what is to be done when it comes.
pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    /// The soonest last, so that it can be popped.
    timers: Vec<Timer<'a>>,
}

struct Source<'a> {
    file: File,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

struct Timer<'a> {
    moment: Instant,
    handler: Box<dyn FnOnce() + 'a>,
}

impl<'a> EventLoop<'a> {
    /// Nothing to wait for yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    /// Listens to `source`, the reading end of a pipe, or a socket.
    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        // A `File` is no more than a descriptor that can be read; it keeps nothing back, as a
        // `BufReader` would.
        let file = File::from(source);
        self.sources.push(Source { file, begun: Vec::new(), handler: Box::new(handler) });
    }

    /// Calls `handler` once, when `moment` has come.
    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        if moment <= Instant::now() {
            handler();
            return;
        }
        let place = self.timers.partition_point(|timer| timer.moment > moment);
        self.timers.insert(place, Timer { moment, handler: Box::new(handler) });
    }

    /// Serves whatever comes first, until every source has ended.
    pub fn run(mut self) -> io::Result<()> {
        while !self.sources.is_empty() {
            let ready = self.wait()?;
            self.fire();
            // From behind, so that removing one leaves the places of the others as they are.
            for place in ready.into_iter().rev() {
                if !self.sources[place].serve()? {
                    // An ended source is ready for ever. Left in the list it would turn
                    // the loop into busy waiting.
                    drop(self.sources.remove(place));
                }
            }
        }
        Ok(())
    }

    /// Sleeps until a source can be read or a timer is due; the places of the sources that can.
    fn wait(&self) -> io::Result<Vec<usize>> {
        let sources = self.sources.iter().map(|source| source.file.as_fd());
        let mut polled: Vec<_> =
            sources.map(|source| PollFd::new(source, PollFlags::POLLIN)).collect();
        match poll(&mut polled, self.until_the_next_timer()) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        // Not only POLLIN: a pipe whose writers are gone says POLLHUP alone.
        let ready = polled.iter().enumerate().filter(|(_, it)| it.any() == Some(true));
        Ok(ready.map(|(place, _)| place).collect())
    }

    fn until_the_next_timer(&self) -> PollTimeout {
        let Some(timer) = self.timers.last() else { return PollTimeout::NONE };
        let left = timer.moment.saturating_duration_since(Instant::now());
        // Rounded up: rounded down, the last millisecond would be spent asking again and again.
        PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
    }

    /// Calls the handlers of all timers that are due, the earliest first.
    fn fire(&mut self) {
        while self.timers.last().is_some_and(|timer| timer.moment <= Instant::now()) {
            let timer = self.timers.pop().expect("there is one");
            (timer.handler)();
        }
    }
}

impl Source<'_> {
    /// Reads once and hands the whole lines on; false if the source has ended.
    fn serve(&mut self) -> io::Result<bool> {
        // One read for each turn. To read on until nothing is left might block, or, without
        // blocking, let a source that never stops talking starve the others.
        let mut piece = [0; 4096];
        let count = self.file.read(&mut piece)?;
        self.begun.extend(&piece[..count]);
        if count == 0 && !self.begun.is_empty() {
            self.begun.push(b'\n');
        }
        // A character may be cut in two by the end of a piece, but never by the end of a line.
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
