use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

struct Source<'a> {
    file: File,
    partial: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

pub struct EventLoop<'a> {
    sources: HashMap<u64, Source<'a>>,
    queue: BinaryHeap<Reverse<(Instant, usize)>>,
    handlers: Vec<Option<Box<dyn FnOnce() + 'a>>>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: HashMap::new(), queue: BinaryHeap::new(), handlers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        let id = self.sources.len() as u64;
        let source =
            Source { file: source.into(), partial: Vec::new(), handler: Box::new(handler) };
        self.sources.insert(id, source);
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.queue.push(Reverse((moment, self.handlers.len())));
        self.handlers.push(Some(Box::new(handler)));
    }

    pub fn run(mut self) -> io::Result<()> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        for (id, source) in &self.sources {
            epoll.add(&source.file, EpollEvent::new(EpollFlags::EPOLLIN, *id))?;
        }
        let mut events = [EpollEvent::empty(); 16];
        while !self.sources.is_empty() {
            let timeout = match self.queue.peek() {
                None => EpollTimeout::NONE,
                Some(Reverse((moment, _))) => {
                    let left = moment.saturating_duration_since(Instant::now());
                    let millis = left.as_nanos().div_ceil(1_000_000).min(1_000_000_000);
                    EpollTimeout::try_from(millis as i32).unwrap_or(EpollTimeout::MAX)
                }
            };
            let n = match epoll.wait(&mut events, timeout) {
                Ok(n) => n,
                Err(Errno::EINTR) => 0,
                Err(e) => return Err(e.into()),
            };
            for event in &events[..n] {
                let id = event.data();
                let Some(source) = self.sources.get_mut(&id) else { continue };
                if source.step()? {
                    epoll.delete(&source.file)?;
                    self.sources.remove(&id);
                }
            }
            if self.sources.is_empty() {
                break;
            }
            while let Some(Reverse((moment, number))) = self.queue.peek().copied() {
                if moment > Instant::now() {
                    break;
                }
                self.queue.pop();
                if let Some(handler) = self.handlers[number].take() {
                    handler();
                }
            }
        }
        Ok(())
    }
}

impl Source<'_> {
    fn step(&mut self) -> io::Result<bool> {
        let mut chunk = vec![0; 16 * 1024];
        let n = self.file.read(&mut chunk)?;
        if n == 0 {
            let rest = std::mem::take(&mut self.partial);
            if !rest.is_empty() {
                (self.handler)(Some(&String::from_utf8_lossy(&rest)));
            }
            (self.handler)(None);
            return Ok(true);
        }
        let mut rest = &chunk[..n];
        while let Some(at) = rest.iter().position(|b| *b == b'\n') {
            self.partial.extend_from_slice(&rest[..at]);
            let line = std::mem::take(&mut self.partial);
            let text = String::from_utf8_lossy(&line);
            (self.handler)(Some(&text));
            rest = &rest[at + 1..];
        }
        self.partial.extend_from_slice(rest);
        Ok(false)
    }
}
