//! poll, a heap of moments, and a line for each read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read;

struct Source<'a> {
    fd: OwnedFd,
    buffer: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

impl Source<'_> {
    fn line(&mut self) -> Option<String> {
        let end = self.buffer.iter().position(|b| *b == b'\n')?;
        let rest = self.buffer.split_off(end + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        line.pop();
        Some(String::from_utf8(line).unwrap())
    }

    /// One read, one line. False when it has ended.
    fn serve(&mut self) -> io::Result<bool> {
        let mut chunk = [0u8; 1024];
        let n = read(&self.fd, &mut chunk)?;
        self.buffer.extend(&chunk[..n]);
        if n > 0 {
            if let Some(line) = self.line() {
                (self.handler)(Some(&line));
            }
            return Ok(true);
        }
        while let Some(line) = self.line() {
            (self.handler)(Some(&line));
        }
        if !self.buffer.is_empty() {
            let last = String::from_utf8(std::mem::take(&mut self.buffer)).unwrap();
            (self.handler)(Some(&last));
        }
        (self.handler)(None);
        Ok(false)
    }
}

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    order: BinaryHeap<Reverse<(Instant, usize)>>,
    alarms: HashMap<usize, Box<dyn FnOnce() + 'a>>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), order: BinaryHeap::new(), alarms: HashMap::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        self.sources.push(Source { fd: source, buffer: Vec::new(), handler: Box::new(handler) });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        let id = self.order.len();
        self.order.push(Reverse((moment, id)));
        self.alarms.insert(id, Box::new(handler));
    }

    pub fn run(mut self) -> io::Result<()> {
        while !self.sources.is_empty() {
            while let Some(&Reverse((moment, id))) = self.order.peek() {
                if moment > Instant::now() {
                    break;
                }
                self.order.pop();
                if let Some(alarm) = self.alarms.remove(&id) {
                    alarm();
                }
            }
            let timeout = match self.order.peek() {
                Some(Reverse((moment, _))) => {
                    let left = moment.saturating_duration_since(Instant::now());
                    PollTimeout::try_from(left.as_micros().div_ceil(1000))
                        .unwrap_or(PollTimeout::MAX)
                }
                None => PollTimeout::NONE,
            };
            let mut fds: Vec<PollFd> = Vec::new();
            for source in &self.sources {
                fds.push(PollFd::new(source.fd.as_fd(), PollFlags::POLLIN));
            }
            match poll(&mut fds, timeout) {
                Err(Errno::EINTR) => continue,
                other => other?,
            };
            let ready: Vec<bool> = fds.into_iter().map(|fd| fd.any().unwrap_or(false)).collect();
            let mut open = Vec::new();
            for (i, mut source) in std::mem::take(&mut self.sources).into_iter().enumerate() {
                if !ready[i] || source.serve()? {
                    open.push(source);
                }
            }
            self.sources = open;
        }
        Ok(())
    }
}
