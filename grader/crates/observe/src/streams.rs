//! The three standard streams of a run, seen from our side.

use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use jail::Stdio;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use observation::Output;

/// Our ends of the pipes to and from a program.
#[derive(Debug)]
pub struct Streams {
    pub(crate) input: Option<Feed>,
    pub(crate) output: Capture,
    pub(crate) error: Capture,
}

/// Makes the pipes of a program that reads `input` and then the end of its input.
pub fn streams(input: Vec<u8>) -> io::Result<(Stdio, Streams)> {
    let (theirs, feed) = if input.is_empty() {
        (OwnedFd::from(File::open("/dev/null")?), None)
    } else {
        let (theirs, ours) = io::pipe()?;
        (theirs.into(), Some(Feed::new(ours.into(), input)?))
    };
    let (output, their_output) = io::pipe()?;
    let (error, their_error) = io::pipe()?;
    let stdio = Stdio { input: theirs, output: their_output.into(), error: their_error.into() };
    let output = Capture::new(output.into())?;
    let error = Capture::new(error.into())?;
    Ok((stdio, Streams { input: feed, output, error }))
}

impl Streams {
    /// Sleeps until a stream is ready or `done` has been closed, at most for `timeout`, and moves
    /// what is ready; keeps up to `limit` bytes of each output. True if it was `done`.
    pub(crate) fn wait(
        &mut self,
        done: Option<&PipeReader>,
        timeout: Option<Duration>,
        limit: u64,
    ) -> bool {
        let outputs = [&self.output, &self.error].map(|capture| capture.pipe.as_ref());
        let descriptors = [
            done.map(|done| PollFd::new(done.as_fd(), PollFlags::POLLIN)),
            outputs[0].map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)),
            outputs[1].map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)),
            self.input.as_ref().map(|feed| PollFd::new(feed.pipe.as_fd(), PollFlags::POLLOUT)),
        ];
        let [over, output, error, input] = ready(descriptors, timeout);
        if output {
            self.output.drain(limit);
        }
        if error {
            self.error.drain(limit);
        }
        if input && self.input.as_mut().is_some_and(Feed::write) {
            self.input = None;
        }
        over
    }

    /// Takes what has been written and not been taken; keeps up to `limit` bytes of each output.
    pub(crate) fn drain(&mut self, limit: u64) {
        self.output.drain(limit);
        self.error.drain(limit);
    }

    /// Whether more than `limit` bytes came on one of the outputs.
    pub(crate) fn exceed(&self, limit: u64) -> bool {
        self.output.bytes > limit || self.error.bytes > limit
    }

    /// Bytes that came on both outputs.
    pub(crate) fn bytes(&self) -> u64 {
        self.output.bytes + self.error.bytes
    }
}

/// Sleeps until one of those descriptors that there are is ready, at most for `timeout`.
fn ready<const N: usize>(
    descriptors: [Option<PollFd<'_>>; N],
    timeout: Option<Duration>,
) -> [bool; N] {
    let mut polled: Vec<_> = descriptors.iter().flatten().cloned().collect();
    let slept = ppoll(&mut polled, timeout.map(TimeSpec::from), None);
    let mut polled = polled.iter().map(|one| slept.is_ok() && one.any().unwrap_or(false));
    descriptors.map(|one| one.is_some() && polled.next().unwrap_or(false))
}

/// What is still to be written to standard input.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) pipe: File,
    rest: Vec<u8>,
}

impl Feed {
    fn new(pipe: OwnedFd, rest: Vec<u8>) -> io::Result<Self> {
        do_not_block(&pipe)?;
        Ok(Self { pipe: pipe.into(), rest })
    }

    /// Writes what the pipe takes now. True once there is nothing more to do.
    pub(crate) fn write(&mut self) -> bool {
        while !self.rest.is_empty() {
            match self.pipe.write(&self.rest) {
                Ok(written) => drop(self.rest.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
            }
        }
        true
    }
}

/// One captured stream.
#[derive(Debug)]
pub(crate) struct Capture {
    /// Our end; none once the other has been closed everywhere.
    pub(crate) pipe: Option<File>,
    kept: Vec<u8>,
    bytes: u64,
}

impl Capture {
    fn new(pipe: OwnedFd) -> io::Result<Self> {
        do_not_block(&pipe)?;
        Ok(Self { pipe: Some(pipe.into()), kept: Vec::new(), bytes: 0 })
    }

    /// Takes what is there, without waiting, and keeps up to `limit` bytes in all.
    pub(crate) fn drain(&mut self, limit: u64) {
        let mut buffer = [0; 16 << 10];
        // Bounded, so that a program that floods leaves time for everything else.
        for _ in 0..256 {
            let Some(pipe) = &mut self.pipe else { return };
            match pipe.read(&mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    let room = limit.saturating_sub(self.kept.len() as u64);
                    let keep = usize::try_from(room).map_or(count, |room| room.min(count));
                    self.kept.extend_from_slice(&buffer[..keep]);
                    self.bytes += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.pipe = None,
            }
        }
    }

    pub(crate) fn into_output(self) -> Output {
        Output {
            text: String::from_utf8_lossy(&self.kept).into_owned(),
            bytes: self.bytes,
            truncated: self.bytes > self.kept.len() as u64,
        }
    }
}

fn do_not_block(pipe: &OwnedFd) -> io::Result<()> {
    fcntl(pipe.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_the_limit_is_counted_but_not_kept() {
        let (stdio, mut streams) = streams(Vec::new()).unwrap();
        File::from(stdio.output).write_all(b"hello").unwrap();
        streams.output.drain(3);
        let output = streams.output.into_output();
        assert_eq!((output.text.as_str(), output.bytes, output.truncated), ("hel", 5, true));
    }

    #[test]
    fn input_that_nobody_reads_ends_the_feeding() {
        let (stdio, mut streams) = streams(b"hello".to_vec()).unwrap();
        drop(stdio);
        assert!(streams.input.as_mut().unwrap().write());
    }
}
