//! Each source that is ready gets one read in a turn, until it would block.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

struct Stream<'a> {
    file: Option<File>,
    queued: bool,
    partial: Vec<u8>,
    callback: Box<dyn FnMut(Option<&str>) + 'a>,
}

enum After {
    MoreMayCome,
    WouldBlock,
    Closed,
}

impl Stream<'_> {
    fn progress(&mut self) -> io::Result<After> {
        let Some(file) = &mut self.file else { return Ok(After::Closed) };
        let start = self.partial.len();
        self.partial.resize(start + 16 * 1024, 0);
        let outcome = file.read(&mut self.partial[start..]);
        self.partial.truncate(start + *outcome.as_ref().unwrap_or(&0));
        match outcome {
            Ok(0) => {
                self.file = None;
                if !self.partial.is_empty() {
                    let last = std::mem::take(&mut self.partial);
                    (self.callback)(Some(str::from_utf8(&last).map_err(io::Error::other)?));
                }
                (self.callback)(None);
                Ok(After::Closed)
            }
            Ok(_) => {
                // What was there before holds no line break.
                let mut from = 0;
                let mut look = start;
                while let Some(at) = self.partial[look..].iter().position(|&b| b == b'\n') {
                    let line = &self.partial[from..look + at];
                    (self.callback)(Some(str::from_utf8(line).map_err(io::Error::other)?));
                    look += at + 1;
                    from = look;
                }
                self.partial.drain(..from);
                Ok(After::MoreMayCome)
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(After::WouldBlock),
            Err(e) if e.kind() == ErrorKind::Interrupted => Ok(After::MoreMayCome),
            Err(e) => Err(e),
        }
    }
}

pub struct EventLoop<'a> {
    streams: Vec<Stream<'a>>,
    timers: Vec<(Instant, Box<dyn FnOnce() + 'a>)>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { streams: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        self.streams.push(Stream {
            file: Some(File::from(source)),
            queued: false,
            partial: Vec::new(),
            callback: Box::new(handler),
        });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, Box::new(handler)));
    }

    pub fn run(self) -> io::Result<()> {
        let EventLoop { mut streams, mut timers } = self;
        timers.sort_by_key(|(moment, _)| *moment);
        let mut timers = VecDeque::from(timers);

        let epoll = Epoll::new(EpollCreateFlags::empty())?;
        let interest = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
        for (token, stream) in streams.iter().enumerate() {
            let file = stream.file.as_ref().unwrap();
            let flags = OFlag::from_bits_retain(fcntl(file, FcntlArg::F_GETFL)?);
            fcntl(file, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
            epoll.add(file, EpollEvent::new(interest, token as u64))?;
        }

        let mut open = streams.len();
        let mut runnable: VecDeque<usize> = VecDeque::new();
        let mut events = vec![EpollEvent::empty(); 64];
        while open > 0 {
            let timeout = if !runnable.is_empty() {
                EpollTimeout::ZERO
            } else if let Some((moment, _)) = timers.front() {
                millis(moment.saturating_duration_since(Instant::now()))
            } else {
                EpollTimeout::NONE
            };
            let count = match epoll.wait(&mut events, timeout) {
                Err(Errno::EINTR) => 0,
                other => other?,
            };
            for event in &events[..count] {
                let token = event.data() as usize;
                if !std::mem::replace(&mut streams[token].queued, true) {
                    runnable.push_back(token);
                }
            }
            while timers.front().is_some_and(|(moment, _)| *moment <= Instant::now()) {
                let (_, handler) = timers.pop_front().unwrap();
                handler();
            }
            for _ in 0..runnable.len() {
                let token = runnable.pop_front().unwrap();
                match streams[token].progress()? {
                    After::MoreMayCome => runnable.push_back(token),
                    After::WouldBlock => streams[token].queued = false,
                    After::Closed => open -= 1, // stays `queued`: never again
                }
            }
        }
        Ok(())
    }
}

fn millis(duration: Duration) -> EpollTimeout {
    let up = duration.as_nanos().div_ceil(1_000_000);
    EpollTimeout::try_from(up.min(i32::MAX as u128)).expect("not negative")
}
