use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

struct Source<'a> {
    file: File,
    begun: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<(Instant, Box<dyn FnOnce() + 'a>)>,
}

impl Source<'_> {
    fn lines(&mut self) {
        while let Some(at) = self.begun.iter().position(|&b| b == b'\n') {
            let line: Vec<u8> = self.begun.drain(..=at).collect();
            (self.handler)(Some(std::str::from_utf8(&line[..at]).unwrap()));
        }
    }

    fn end(&mut self) {
        self.lines();
        let rest = std::mem::take(&mut self.begun);
        if !rest.is_empty() {
            (self.handler)(Some(std::str::from_utf8(&rest).unwrap()));
        }
        (self.handler)(None);
    }
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        let flags = OFlag::from_bits_retain(fcntl(&source, FcntlArg::F_GETFL).unwrap_or(0));
        fcntl(&source, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).expect("the source is open");
        let handler = Box::new(handler);
        self.sources.push(Source { file: File::from(source), begun: Vec::new(), handler });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, Box::new(handler)));
    }

    fn fire(&mut self) {
        while self.timers.first().is_some_and(|timer| timer.0 <= Instant::now()) {
            (self.timers.remove(0).1)();
        }
    }

    fn patience(&self) -> EpollTimeout {
        let Some((moment, _)) = self.timers.first() else { return EpollTimeout::NONE };
        let left = moment.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
        EpollTimeout::try_from(left).unwrap_or(EpollTimeout::MAX)
    }

    pub fn run(mut self) -> io::Result<()> {
        self.timers.sort_by_key(|timer| timer.0);
        let epoll = Epoll::new(EpollCreateFlags::empty())?;
        for (key, source) in self.sources.iter().enumerate() {
            // Edge-triggered, as in mio: each news is told once, which saves wake-ups.
            let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
            epoll.add(&source.file, EpollEvent::new(flags, key as u64))?;
        }
        let mut left = self.sources.len();
        let mut ended = vec![false; left];
        // As much as a pipe holds.
        let mut buffer = vec![0; 1 << 16];
        let mut events = vec![EpollEvent::empty(); 256];
        while left > 0 {
            let count = match epoll.wait(&mut events, self.patience()) {
                Err(Errno::EINTR) => 0,
                other => other?,
            };
            self.fire();
            for event in &events[..count] {
                let key = event.data() as usize;
                // There will be no more news of one that hangs up: read on to its end.
                let hup = event.events().intersects(EpollFlags::EPOLLHUP | EpollFlags::EPOLLRDHUP);
                while !ended[key] {
                    let source = &mut self.sources[key];
                    match source.file.read(&mut buffer) {
                        Ok(0) => {
                            ended[key] = true;
                            left -= 1;
                            self.fire();
                            self.sources[key].end();
                        }
                        Ok(count) => {
                            source.begun.extend_from_slice(&buffer[..count]);
                            source.lines();
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                        Err(error) => return Err(error),
                    }
                    if !hup {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}
