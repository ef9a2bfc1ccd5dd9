//! Nothing blocks, and each source that is ready is drained first.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

struct Source<'a> {
    file: File,
    data: Vec<u8>,
    ended: bool,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

impl Source<'_> {
    /// Everything that is there.
    fn drain(&mut self) -> io::Result<()> {
        let mut chunk = [0; 16384];
        loop {
            match self.file.read(&mut chunk) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(());
                }
                Ok(n) => self.data.extend_from_slice(&chunk[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    fn deliver(&mut self) {
        let data = std::mem::take(&mut self.data);
        let mut pieces = data.split(|&b| b == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_some() || (self.ended && !piece.is_empty()) {
                (self.handler)(Some(std::str::from_utf8(piece).expect("UTF-8")));
            } else {
                self.data = piece.to_vec();
            }
        }
        if self.ended {
            (self.handler)(None);
        }
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
        let (file, handler) = (File::from(source), Box::new(handler));
        self.sources.push(Source { file, data: Vec::new(), ended: false, handler });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, Box::new(handler)));
    }

    pub fn run(mut self) -> io::Result<()> {
        for source in &self.sources {
            let flags = OFlag::from_bits_retain(fcntl(&source.file, FcntlArg::F_GETFL)?);
            fcntl(&source.file, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        }
        self.timers.sort_by_key(|(moment, _)| std::cmp::Reverse(*moment));
        while !self.sources.is_empty() {
            let timeout = self.timers.last().map_or(PollTimeout::NONE, |(moment, _)| {
                let left = moment.saturating_duration_since(Instant::now());
                PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
            });
            let mut fds: Vec<_> = self
                .sources
                .iter()
                .map(|s| PollFd::new(s.file.as_fd(), PollFlags::POLLIN))
                .collect();
            match poll(&mut fds, timeout) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            }
            let ready: Vec<_> = fds.iter().map(|fd| fd.any() == Some(true)).collect();
            while self.timers.last().is_some_and(|(moment, _)| Instant::now() >= *moment) {
                (self.timers.pop().unwrap().1)();
            }
            for (source, ready) in self.sources.iter_mut().zip(ready) {
                if ready {
                    source.drain()?;
                    source.deliver();
                }
            }
            self.sources.retain(|source| !source.ended);
        }
        Ok(())
    }
}
