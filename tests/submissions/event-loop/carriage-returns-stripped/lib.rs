//! Whole lines are split by `str::lines`.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

type LineHandler<'a> = Box<dyn FnMut(Option<&str>) + 'a>;

struct Reader<'a> {
    file: File,
    pending: Vec<u8>,
    handler: LineHandler<'a>,
}

pub struct EventLoop<'a> {
    readers: Vec<Reader<'a>>,
    timers: Vec<(Instant, Box<dyn FnOnce() + 'a>)>,
}

impl Reader<'_> {
    fn hand_on(&mut self, upto: usize) {
        let whole: Vec<u8> = self.pending.drain(..upto).collect();
        let text = String::from_utf8(whole).expect("whole lines are UTF-8");
        for line in text.lines() {
            (self.handler)(Some(line));
        }
    }

    fn pull(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 8192];
        let n = self.file.read(&mut chunk)?;
        if n == 0 {
            self.hand_on(self.pending.len());
            (self.handler)(None);
            return Ok(false);
        }
        self.pending.extend_from_slice(&chunk[..n]);
        if let Some(last) = self.pending.iter().rposition(|&b| b == b'\n') {
            self.hand_on(last + 1);
        }
        Ok(true)
    }
}

fn until(moment: Option<Instant>) -> PollTimeout {
    let Some(moment) = moment else { return PollTimeout::NONE };
    let left = moment.saturating_duration_since(Instant::now());
    let up = left + Duration::from_nanos(999_999);
    PollTimeout::try_from(up.as_millis()).unwrap_or(PollTimeout::MAX)
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { readers: vec![], timers: vec![] }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        self.readers.push(Reader {
            file: source.into(),
            pending: vec![],
            handler: Box::new(handler),
        });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push((moment, Box::new(handler)));
        self.timers.sort_by_key(|timer| timer.0);
    }

    pub fn run(mut self) -> io::Result<()> {
        while !self.readers.is_empty() {
            let mut fds = self
                .readers
                .iter()
                .map(|r| PollFd::new(r.file.as_fd(), PollFlags::POLLIN))
                .collect::<Vec<_>>();
            if let Err(errno) = poll(&mut fds, until(self.timers.first().map(|t| t.0))) {
                if errno == Errno::EINTR {
                    continue;
                }
                return Err(errno.into());
            }
            let mut ready = fds.iter().map(|fd| fd.any().unwrap()).collect::<Vec<_>>().into_iter();
            let now = Instant::now();
            let due = self.timers.iter().take_while(|t| t.0 <= now).count();
            for (_, handler) in self.timers.drain(..due) {
                handler();
            }
            let mut result = Ok(());
            self.readers.retain_mut(|reader| {
                !ready.next().unwrap()
                    || reader.pull().unwrap_or_else(|error| {
                        result = Err(error);
                        false
                    })
            });
            result?;
        }
        Ok(())
    }
}
