//! An event loop over descriptors that do not block.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read;

pub struct EventLoop<'a> {
    sources: Vec<(OwnedFd, Lines<'a>)>,
    timers: BTreeMap<(Instant, usize), Box<dyn FnOnce() + 'a>>,
}

struct Lines<'a> {
    bytes: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

impl Lines<'_> {
    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                self.flush();
            } else {
                self.bytes.push(byte);
            }
        }
    }

    fn flush(&mut self) {
        let line = String::from_utf8(std::mem::take(&mut self.bytes));
        (self.handler)(Some(&line.expect("lines are UTF-8")));
    }

    fn end(&mut self) {
        if !self.bytes.is_empty() {
            self.flush();
        }
        (self.handler)(None);
    }
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: BTreeMap::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        let lines = Lines { bytes: Vec::new(), handler: Box::new(handler) };
        self.sources.push((source, lines));
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        // Two may have the same moment.
        let number = self.timers.len();
        self.timers.insert((moment, number), Box::new(handler));
    }

    pub fn run(mut self) -> io::Result<()> {
        for (source, _) in &self.sources {
            fcntl(source, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        while !self.sources.is_empty() {
            let sources = self.sources.iter();
            let sources = sources.map(|(fd, _)| PollFd::new(fd.as_fd(), PollFlags::POLLIN));
            let mut all: Vec<_> = sources.collect();
            match poll(&mut all, self.patience()) {
                Err(Errno::EINTR) => continue,
                count => count?,
            };
            let ready: Vec<bool> = all.iter().map(|fd| fd.any() == Some(true)).collect();
            while let Some(timer) = self.timers.first_entry() {
                if timer.key().0 > Instant::now() {
                    break;
                }
                timer.remove()();
            }
            let mut ready = ready.into_iter();
            self.sources
                .retain_mut(|(source, lines)| !ready.next().unwrap() || serve(source, lines));
        }
        Ok(())
    }

    /// Until the next timer, and a little more rather than less.
    fn patience(&self) -> PollTimeout {
        let Some(((moment, _), _)) = self.timers.first_key_value() else {
            return PollTimeout::NONE;
        };
        let left = moment.saturating_duration_since(Instant::now());
        PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
    }
}

/// Whether there may be more to come.
fn serve(source: &OwnedFd, lines: &mut Lines) -> bool {
    let mut bytes = [0; 1000];
    loop {
        match read(source, &mut bytes) {
            Ok(0) => {
                lines.end();
                return false;
            }
            Ok(count) => lines.push(&bytes[..count]),
            Err(Errno::EAGAIN | Errno::EINTR) => return true,
            Err(error) => panic!("cannot read a source: {error}"),
        }
    }
}
