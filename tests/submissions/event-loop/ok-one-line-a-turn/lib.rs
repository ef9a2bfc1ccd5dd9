//! A source that still has a whole line is not read from.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

struct Source<'a> {
    file: File,
    lines: VecDeque<Vec<u8>>, // whole ones that nobody has heard yet
    begun: Vec<u8>,
    ended: bool,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<(Instant, usize, Box<dyn FnOnce() + 'a>)>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        self.sources.push(Source {
            file: File::from(source),
            lines: VecDeque::new(),
            begun: Vec::new(),
            ended: false,
            handler: Box::new(handler),
        });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, self.timers.len(), Box::new(handler)));
    }

    fn next_timer(&self) -> Option<usize> {
        (0..self.timers.len()).min_by_key(|&i| (self.timers[i].0, self.timers[i].1))
    }

    pub fn run(mut self) -> io::Result<()> {
        while !self.sources.is_empty() {
            // 1. wait
            let quiet: Vec<usize> = (0..self.sources.len())
                .filter(|&i| self.sources[i].lines.is_empty() && !self.sources[i].ended)
                .collect();
            let timeout = if quiet.len() < self.sources.len() {
                PollTimeout::ZERO
            } else if let Some(i) = self.next_timer() {
                let left = self.timers[i].0.saturating_duration_since(Instant::now());
                let ms = left.as_micros().div_ceil(1000);
                i32::try_from(ms).unwrap_or(i32::MAX).try_into().unwrap()
            } else {
                PollTimeout::NONE
            };
            let mut fds: Vec<PollFd> = quiet
                .iter()
                .map(|&i| PollFd::new(self.sources[i].file.as_fd(), PollFlags::POLLIN))
                .collect();
            let result = poll(&mut fds, timeout);
            let ready: Vec<usize> = match result {
                Ok(_) => quiet
                    .iter()
                    .zip(&fds)
                    .filter(|(_, fd)| fd.any() == Some(true))
                    .map(|(&i, _)| i)
                    .collect(),
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            };

            // 2. timers
            while let Some(i) = self.next_timer() {
                if self.timers[i].0 > Instant::now() {
                    break;
                }
                let (_, _, handler) = self.timers.remove(i);
                handler();
            }

            // 3. read
            for i in ready {
                let source = &mut self.sources[i];
                let mut bytes = [0; 2048];
                let n = match source.file.read(&mut bytes) {
                    Ok(n) => n,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => continue,
                    Err(e) => return Err(e),
                };
                if n == 0 {
                    source.ended = true;
                    if !source.begun.is_empty() {
                        source.lines.push_back(std::mem::take(&mut source.begun));
                    }
                }
                for &byte in &bytes[..n] {
                    if byte == b'\n' {
                        source.lines.push_back(std::mem::take(&mut source.begun));
                    } else {
                        source.begun.push(byte);
                    }
                }
            }

            // 4. one line each
            let mut i = 0;
            while i < self.sources.len() {
                let source = &mut self.sources[i];
                if let Some(line) = source.lines.pop_front() {
                    let line = String::from_utf8(line).expect("UTF-8");
                    (source.handler)(Some(&line));
                } else if source.ended {
                    (source.handler)(None);
                    self.sources.remove(i);
                    continue;
                }
                i += 1;
            }
        }
        Ok(())
    }
}
