use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::select::{FdSet, pselect};
use nix::sys::time::TimeSpec;

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<(Instant, Option<Box<dyn FnOnce() + 'a>>)>,
}

struct Source<'a> {
    file: File,
    buf: Vec<u8>,
    scanned: usize,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
    eof: bool,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        let handler = Box::new(handler);
        self.sources.push(Source {
            file: File::from(source),
            buf: Vec::new(),
            scanned: 0,
            handler,
            eof: false,
        });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, Some(Box::new(handler))));
    }

    pub fn run(mut self) -> io::Result<()> {
        // stable: what was asked for first stands first
        self.timers.sort_by_key(|timer| timer.0);
        let mut next = 0; // timer
        while !self.sources.is_empty() {
            while next < self.timers.len() && self.timers[next].0 <= Instant::now() {
                let handler = self.timers[next].1.take();
                next += 1;
                handler.unwrap()();
            }

            let timeout = self.timers.get(next).map(|(moment, _)| {
                let left = moment.saturating_duration_since(Instant::now());
                TimeSpec::from_duration(left.min(Duration::from_secs(100_000_000)))
            });
            let ready: Vec<bool> = {
                let mut set = FdSet::new();
                for source in &self.sources {
                    set.insert(source.file.as_fd());
                }
                match pselect(None, &mut set, None, None, &timeout, None) {
                    Ok(_) => {}
                    Err(Errno::EINTR) => continue,
                    Err(e) => return Err(e.into()),
                }
                self.sources.iter().map(|source| set.contains(source.file.as_fd())).collect()
            };

            for (source, ready) in self.sources.iter_mut().zip(ready) {
                if ready {
                    source.serve()?;
                }
            }
            self.sources.retain(|source| !source.eof);
        }
        Ok(())
    }
}

impl Source<'_> {
    fn serve(&mut self) -> io::Result<()> {
        let mut chunk = [0u8; 16 * 1024];
        let n = match self.file.read(&mut chunk) {
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(e) => return Err(e),
        };
        if n == 0 {
            self.eof = true;
            if !self.buf.is_empty() {
                (self.handler)(Some(&utf8(&self.buf)?));
            }
            (self.handler)(None);
            return Ok(());
        }
        self.buf.extend_from_slice(&chunk[..n]);
        let mut start = 0;
        let mut i = self.scanned;
        while i < self.buf.len() {
            if self.buf[i] == b'\n' {
                let line = utf8(&self.buf[start..i])?;
                (self.handler)(Some(&line));
                start = i + 1;
            }
            i += 1;
        }
        self.buf.drain(..start);
        self.scanned = self.buf.len();
        Ok(())
    }
}

fn utf8(bytes: &[u8]) -> io::Result<String> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}
