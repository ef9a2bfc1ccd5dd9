use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

struct Source<'a> {
    file: File,
    begun: Vec<u8>,
    handler: Box<dyn FnMut(Option<&str>) + 'a>,
}

pub struct EventLoop<'a> {
    sources: Vec<Source<'a>>,
    timers: Vec<(Instant, Box<dyn FnOnce() + 'a>)>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { sources: Vec::new(), timers: Vec::new() }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        self.sources.push(Source {
            file: File::from(source),
            begun: Vec::new(),
            handler: Box::new(handler),
        });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, Box::new(handler)));
        self.timers.sort_by_key(|(moment, _)| *moment);
    }

    fn serve(&mut self, index: usize) -> io::Result<()> {
        let source = &mut self.sources[index];
        let mut bytes = [0; 1024];
        let count = source.file.read(&mut bytes)?;
        for &byte in &bytes[..count] {
            if byte == b'\n' {
                let line = String::from_utf8_lossy(&source.begun).to_string();
                source.begun.clear();
                (source.handler)(Some(&line));
            } else {
                source.begun.push(byte);
            }
        }
        if count == 0 {
            if !source.begun.is_empty() {
                (source.handler)(Some(&String::from_utf8_lossy(&source.begun)));
            }
            (source.handler)(None);
            self.sources.remove(index);
        }
        Ok(())
    }

    pub fn run(mut self) -> io::Result<()> {
        while self.sources.len() > 0 {
            while self.timers.first().is_some_and(|(moment, _)| *moment <= Instant::now()) {
                let (_, handler) = self.timers.remove(0);
                handler();
            }
            let timeout = self.timers.first().map_or(PollTimeout::NONE, |(moment, _)| {
                let left: Duration = moment.saturating_duration_since(Instant::now());
                PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
            });
            let ready: Vec<usize> = {
                let fd = |source: &Source| source.file.as_fd().try_clone_to_owned();
                let fds = self.sources.iter().map(fd).collect::<io::Result<Vec<_>>>()?;
                let mut list: Vec<_> =
                    fds.iter().map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN)).collect();
                match poll(&mut list, timeout) {
                    Ok(_) => {}
                    Err(Errno::EINTR) => continue,
                    Err(error) => return Err(error.into()),
                }
                (0..list.len()).filter(|&index| list[index].any() == Some(true)).collect()
            };
            for index in ready {
                if index < self.sources.len() {
                    self.serve(index)?;
                }
            }
        }
        Ok(())
    }
}
