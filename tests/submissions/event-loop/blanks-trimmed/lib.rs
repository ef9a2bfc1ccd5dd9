//! Takes away the line break, and all other blanks at the end of a line with it.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

type Timer<'a> = Option<Box<dyn FnOnce() + 'a>>;
struct Source<'a> {
    reader: BufReader<File>,
    line: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}
pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    order: BinaryHeap<Reverse<(Instant, usize)>>,
    timers: Vec<Timer<'a>>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: vec![], order: BinaryHeap::new(), timers: vec![] }
    }
    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        fcntl(&source, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        self.sources.push(Source {
            reader: BufReader::with_capacity(64, File::from(source)),
            line: vec![],
            handler: Box::new(handler),
        });
    }
    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.order.push(Reverse((moment, self.timers.len())));
        self.timers.push(Some(Box::new(handler)));
    }
    pub fn run(mut self) -> io::Result<()> {
        while !self.sources.is_empty() {
            let timeout = match self.order.peek() {
                None => PollTimeout::NONE,
                Some(Reverse((moment, _))) => {
                    let left = moment.saturating_duration_since(Instant::now());
                    PollTimeout::try_from(left.as_micros().div_ceil(1000))
                        .unwrap_or(PollTimeout::MAX)
                }
            };
            let mut fds: Vec<_> = self
                .sources
                .iter()
                .map(|s| PollFd::new(s.reader.get_ref().as_fd(), PollFlags::POLLIN))
                .collect();
            match poll(&mut fds, timeout) {
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
            let ready: Vec<bool> = fds.iter().map(|f| f.any().unwrap_or(false)).collect();
            drop(fds);
            while let Some(Reverse((moment, number))) = self.order.peek().copied() {
                if moment > Instant::now() {
                    break;
                }
                self.order.pop();
                if let Some(f) = self.timers[number].take() {
                    f();
                }
            }
            let mut index = 0;
            let mut error = None;
            self.sources.retain_mut(|source| {
                let is_ready = ready[index];
                index += 1;
                if !is_ready {
                    return true;
                }
                loop {
                    match source.reader.read_until(b'\n', &mut source.line) {
                        Ok(0) => {
                            if !source.line.is_empty() {
                                let l = std::mem::take(&mut source.line);
                                (source.handler)(Some(std::str::from_utf8(&l).unwrap()));
                            }
                            (source.handler)(None);
                            return false;
                        }
                        Ok(_) => {
                            if source.line.last() == Some(&b'\n') {
                                let mut l = std::mem::take(&mut source.line);
                                l.pop();
                                while l.last().is_some_and(|b| b.is_ascii_whitespace()) {
                                    l.pop();
                                }
                                (source.handler)(Some(std::str::from_utf8(&l).unwrap()));
                            }
                            if source.reader.buffer().is_empty() {
                                return true;
                            }
                        }
                        Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                        Err(e) if e.kind() == ErrorKind::Interrupted => {}
                        Err(e) => {
                            error = Some(e);
                            return false;
                        }
                    }
                }
            });
            if let Some(e) = error {
                return Err(e);
            }
        }
        Ok(())
    }
}
