//! Threads read, one thread handles.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

type Handler<'a> = Box<dyn FnMut(Option<&str>) + 'a>;

pub struct EventLoop<'a> {
    sources: Vec<OwnedFd>,
    handlers: Vec<Handler<'a>>,
    timers: Vec<(Instant, Box<dyn FnOnce() + 'a>)>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), handlers: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        self.sources.push(source);
        self.handlers.push(Box::new(handler));
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, Box::new(handler)));
        self.timers.sort_by_key(|(moment, _)| *moment);
    }

    pub fn run(mut self) -> io::Result<()> {
        let (sender, lines) = channel();
        for (number, source) in self.sources.into_iter().enumerate() {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(File::from(source)).split(b'\n').map_while(Result::ok) {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    let _ = sender.send((number, Some(line)));
                }
                let _ = sender.send((number, None));
            });
        }
        drop(sender);
        loop {
            let line = match self.timers.first() {
                None => lines.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some((moment, _)) => {
                    lines.recv_timeout(moment.saturating_duration_since(Instant::now()))
                }
            };
            match line {
                Ok((number, line)) => (self.handlers[number])(line.as_deref()),
                Err(RecvTimeoutError::Timeout) => (self.timers.remove(0).1)(),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }
}
