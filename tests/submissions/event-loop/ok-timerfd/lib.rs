use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

type OnLine<'a> = Box<dyn FnMut(Option<&str>) + 'a>;
type OnTime<'a> = Box<dyn FnOnce() + 'a>;

struct Ear<'a> {
    file: File,
    so_far: Vec<u8>,
    tell: OnLine<'a>,
    ended: bool,
}

pub struct EventLoop<'a> {
    ears: Vec<Ear<'a>>,
    /// The next one is the last.
    alarms: Vec<(Instant, OnTime<'a>)>,
}

impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { ears: vec![], alarms: vec![] }
    }

    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        self.ears.push(Ear {
            file: source.into(),
            so_far: vec![],
            tell: Box::new(handler),
            ended: false,
        });
    }

    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        let place = self.alarms.partition_point(|(other, _)| *other > moment);
        self.alarms.insert(place, (moment, Box::new(handler)));
    }

    pub fn run(mut self) -> io::Result<()> {
        let clock = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_CLOEXEC)?;
        while !self.ears.is_empty() {
            while self.alarms.last().is_some_and(|(moment, _)| *moment <= Instant::now()) {
                if let Some((_, handler)) = self.alarms.pop() {
                    handler();
                }
            }
            match self.alarms.last() {
                Some((moment, _)) => {
                    // 0 would mean: never
                    let left = moment.saturating_duration_since(Instant::now());
                    let left = TimeSpec::from(left.max(Duration::from_nanos(1)));
                    clock.set(Expiration::OneShot(left), TimerSetTimeFlags::empty())?;
                }
                None => clock.unset()?,
            }

            let mut list = vec![PollFd::new(clock.as_fd(), PollFlags::POLLIN)];
            list.extend(
                self.ears.iter().map(|ear| PollFd::new(ear.file.as_fd(), PollFlags::POLLIN)),
            );
            match poll(&mut list, PollTimeout::NONE) {
                Err(Errno::EINTR) => continue,
                result => result?,
            };
            let ready: Vec<bool> = list[1..].iter().map(|fd| fd.any() == Some(true)).collect();
            for (ear, ready) in self.ears.iter_mut().zip(ready) {
                if ready {
                    ear.listen()?;
                }
            }
            self.ears.retain(|ear| !ear.ended);
        }
        Ok(())
    }
}

impl Ear<'_> {
    /// Reads once.
    fn listen(&mut self) -> io::Result<()> {
        let mut piece = [0u8; 1 << 14];
        let read = match self.file.read(&mut piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            read => read?,
        };
        let mut rest = &piece[..read];
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.so_far.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            self.say()?;
        }
        self.so_far.extend_from_slice(rest);
        if read == 0 {
            if !self.so_far.is_empty() {
                self.say()?;
            }
            (self.tell)(None);
            self.ended = true;
        }
        Ok(())
    }

    fn say(&mut self) -> io::Result<()> {
        let line = String::from_utf8(std::mem::take(&mut self.so_far));
        let line = line.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        (self.tell)(Some(&line));
        Ok(())
    }
}
