//! Sources and their flags stand in two lists.

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
        self.sources.push(Source {
            file: File::from(source),
            begun: Vec::new(),
            handler: Box::new(handler),
        });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        let place = self.timers.iter().position(|t| t.0 > moment).unwrap_or(self.timers.len());
        self.timers.insert(place, (moment, Box::new(handler)));
    }

    pub fn run(mut self) -> io::Result<()> {
        loop {
            if self.sources.len() == 0 {
                return Ok(());
            }

            let timeout = if self.timers.len() > 0 {
                let left = self.timers[0].0.saturating_duration_since(Instant::now());
                let ms = left.as_micros().div_ceil(1000);
                PollTimeout::try_from(ms).unwrap_or(PollTimeout::MAX)
            } else {
                PollTimeout::NONE
            };

            let mut ready = Vec::new();
            {
                let mut fds = Vec::new();
                for source in self.sources.iter() {
                    fds.push(PollFd::new(source.file.as_fd(), PollFlags::POLLIN));
                }
                let result = poll(&mut fds, timeout);
                match result {
                    Ok(_) => {
                        for fd in fds.iter() {
                            ready.push(!fd.revents().unwrap().is_empty());
                        }
                    }
                    Err(Errno::EINTR) => ready.resize(fds.len(), false),
                    Err(e) => return Err(e.into()),
                }
            }

            while self.timers.len() > 0 && self.timers[0].0 <= Instant::now() {
                let timer = self.timers.remove(0);
                (timer.1)();
            }

            let mut i = 0;
            while i < self.sources.len() {
                if !ready[i] {
                    i += 1;
                    continue;
                }
                let source = &mut self.sources[i];
                let mut buf = [0u8; 4096];
                let n = source.file.read(&mut buf)?;
                if n == 0 {
                    if !source.begun.is_empty() {
                        let rest = String::from_utf8(source.begun.clone()).unwrap();
                        (source.handler)(Some(&rest));
                    }
                    (source.handler)(None);
                    // the order of the sources does not matter, so this is O(1)
                    self.sources.swap_remove(i);
                    ready.remove(i);
                    continue;
                }
                for b in &buf[..n] {
                    if *b == b'\n' {
                        let line = String::from_utf8(source.begun.clone()).unwrap();
                        source.begun.clear();
                        (source.handler)(Some(&line));
                    } else {
                        source.begun.push(*b);
                    }
                }
                i += 1;
            }
        }
    }
}
