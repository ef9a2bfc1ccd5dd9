//! A wheel of milliseconds for the timers.

use std::collections::BTreeMap;
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

/// One slot for each millisecond, which is all that poll knows of.
struct Wheel<'a> {
    start: Instant,
    slots: BTreeMap<u128, Vec<Box<dyn FnOnce() + 'a>>>,
}

impl<'a> Wheel<'a> {
    fn add(&mut self, moment: Instant, handler: Box<dyn FnOnce() + 'a>) {
        // up, so that none is early
        let tick = moment.saturating_duration_since(self.start).as_nanos().div_ceil(1_000_000);
        self.slots.entry(tick).or_default().push(handler);
    }

    fn timeout(&self) -> PollTimeout {
        match self.slots.first_key_value() {
            None => PollTimeout::NONE,
            Some((tick, _)) => {
                let left = (tick * 1_000_000).saturating_sub(self.start.elapsed().as_nanos());
                PollTimeout::try_from(left.div_ceil(1_000_000)).unwrap_or(PollTimeout::MAX)
            }
        }
    }

    fn turn(&mut self) {
        let now = self.start.elapsed().as_millis();
        while let Some(slot) = self.slots.first_entry() {
            if *slot.key() > now {
                return;
            }
            for handler in slot.remove() {
                handler();
            }
        }
    }
}

pub struct EventLoop<'a> {
    sources: BTreeMap<usize, Source<'a>>,
    wheel: Wheel<'a>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop {
            sources: BTreeMap::new(),
            wheel: Wheel { start: Instant::now(), slots: BTreeMap::new() },
        }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        let source = Source { file: source.into(), begun: vec![], handler: Box::new(handler) };
        self.sources.insert(self.sources.len(), source);
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.wheel.add(moment, Box::new(handler));
    }

    pub fn run(mut self) -> io::Result<()> {
        while !self.sources.is_empty() {
            let (ids, mut fds): (Vec<usize>, Vec<PollFd>) = self
                .sources
                .iter()
                .map(|(id, source)| (*id, PollFd::new(source.file.as_fd(), PollFlags::POLLIN)))
                .unzip();
            match poll(&mut fds, self.wheel.timeout()) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            let ready: Vec<usize> = ids
                .into_iter()
                .zip(fds)
                .filter(|(_, fd)| fd.any() == Some(true))
                .map(|(id, _)| id)
                .collect();
            self.wheel.turn();
            for id in ready {
                let Source { file, begun, handler } = self.sources.get_mut(&id).unwrap();
                let mut chunk = [0; 4096];
                let n = file.read(&mut chunk)?;
                for byte in &chunk[..n] {
                    if *byte == b'\n' {
                        let line = std::mem::take(begun);
                        handler(Some(std::str::from_utf8(&line).unwrap()));
                    } else {
                        begun.push(*byte);
                    }
                }
                if n == 0 {
                    if !begun.is_empty() {
                        handler(Some(std::str::from_utf8(begun).unwrap()));
                    }
                    handler(None);
                    self.sources.remove(&id);
                }
            }
        }
        Ok(())
    }
}
