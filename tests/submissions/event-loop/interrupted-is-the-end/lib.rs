use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::time::Instant;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

struct Source<'a> {
    file: File,
    buffer: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
    open: bool,
}

struct Timer<'a> {
    moment: Instant,
    handler: Box<dyn FnOnce() + 'a>,
}

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<Timer<'a>>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        let (file, handler) = (File::from(source), Box::new(handler));
        self.sources.push(Source { file, buffer: Vec::new(), handler, open: true });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push(Timer { moment, handler: Box::new(handler) });
    }

    pub fn run(mut self) -> io::Result<()> {
        self.timers.sort_by_key(|timer| std::cmp::Reverse(timer.moment));
        let epoll = Epoll::new(EpollCreateFlags::empty())?;
        for (index, source) in self.sources.iter().enumerate() {
            epoll.add(&source.file, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
        }
        let mut open = self.sources.len();
        while open > 0 {
            while self.timers.last().is_some_and(|timer| timer.moment <= Instant::now()) {
                let timer = self.timers.pop().unwrap();
                (timer.handler)();
            }
            let timeout = match self.timers.last() {
                None => EpollTimeout::NONE,
                Some(timer) => {
                    let left = timer.moment.saturating_duration_since(Instant::now());
                    EpollTimeout::try_from(left.as_micros().div_ceil(1000))
                        .unwrap_or(EpollTimeout::MAX)
                }
            };
            let mut events = [EpollEvent::empty(); 16];
            let ready = epoll.wait(&mut events, timeout)?;
            for event in &events[..ready] {
                let source = &mut self.sources[event.data() as usize];
                let mut bytes = [0; 4096];
                let count = source.file.read(&mut bytes)?;
                source.buffer.extend_from_slice(&bytes[..count]);
                while let Some(end) = source.buffer.iter().position(|&byte| byte == b'\n') {
                    let line: Vec<u8> = source.buffer.drain(..=end).collect();
                    (source.handler)(Some(&String::from_utf8_lossy(&line[..end])));
                }
                if count == 0 {
                    if !source.buffer.is_empty() {
                        (source.handler)(Some(&String::from_utf8_lossy(&source.buffer)));
                    }
                    (source.handler)(None);
                    if source.open {
                        epoll.delete(&source.file)?;
                        source.open = false;
                        open -= 1;
                    }
                }
            }
        }
        Ok(())
    }
}
