//! The world, which speaks, and waits to be heard.

use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::getppid;

use crate::Script;

impl Script {
    pub fn play(&self, mut mouths: Vec<Option<OwnedFd>>, mut heard: PipeReader) -> io::Result<()> {
        if self.stuck > 0 {
            return self.get_stuck(&mut mouths);
        }
        if self.asleep {
            return self.disturb_asleep(&mouths);
        }
        if let Some(slow) = self.slow {
            return self.speak_slowly(slow, &mut mouths, &mut heard);
        }
        for (number, mouth) in mouths.iter().enumerate() {
            let lines: Vec<_> = (0..self.lines).map(|at| self.line(number, at)).collect();
            let text = lines.join("\n");
            // The last line has no end. The first third comes in pieces that are cut at odd
            // places, the rest, perhaps several lines, at once.
            let (pieces, rest) = text.as_bytes().split_at(text.len() / 3);
            for piece in pieces.chunks(7 + self.words * 5 / 2) {
                say(mouth, piece)?;
            }
            say(mouth, rest)?;
        }
        if self.stays {
            // The last of each has no end.
            self.wait_for(b'l', (self.lines - 1) * mouths.len(), &mut heard)?;
        }
        let timers = if self.late { 0 } else { self.timers };
        self.wait_for(b't', timers, &mut heard)
    }

    /// Words of letters that take one to four bytes each.
    pub fn line(&self, number: usize, at: usize) -> String {
        let word = |word| format!("é{}数🦀", number * 1000 + at * 100 + word);
        let words = (0..self.words).map(word).collect::<Vec<_>>().join(" ");
        if self.words < 20 { words } else { format!("\t {words} \t\r") }
    }

    /// Waits until the listener has given `count` of these signs, and passes over others. If it is
    /// to be disturbed, a signal goes to it whenever 20 milliseconds have passed without any.
    pub fn wait_for(&self, sign: u8, count: usize, heard: &mut PipeReader) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            let mut sign_to_come = [PollFd::new(heard.as_fd(), PollFlags::POLLIN)];
            if self.disturb && poll(&mut sign_to_come, 20_u8)? == 0 {
                kill(getppid(), Signal::SIGUSR1)?;
                continue;
            }
            let mut byte = [0];
            heard.read_exact(&mut byte)?;
            left -= usize::from(byte[0] == sign);
        }
        Ok(())
    }
}

pub fn say(mouth: &Option<OwnedFd>, text: &[u8]) -> io::Result<()> {
    let mouth = mouth.as_ref().ok_or(io::ErrorKind::NotConnected)?;
    std::fs::File::from(mouth.try_clone()?).write_all(text)
}
