//! Sources in turn.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::time::Instant;

type Handler<'a> = Box<dyn FnMut(Option<&str>) + 'a>;

pub struct EventLoop<'a> {
    sources: Vec<(OwnedFd, Handler<'a>)>,
    timers: Vec<(Instant, Box<dyn FnOnce() + 'a>)>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        self.sources.push((source, Box::new(handler)));
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, Box::new(handler)));
        self.timers.sort_by_key(|(moment, _)| *moment);
    }

    pub fn run(mut self) -> io::Result<()> {
        for (source, mut handler) in self.sources {
            for line in BufReader::new(File::from(source)).lines() {
                handler(Some(&line?));
                while self.timers.first().is_some_and(|(moment, _)| *moment <= Instant::now()) {
                    (self.timers.remove(0).1)();
                }
            }
            handler(None);
        }
        Ok(())
    }
}
