//! A source that never stops talking.

use std::cell::Cell;
use std::io::{self, PipeWriter};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicI32, Ordering};

use event_loop::EventLoop;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::getpid;
use stage::event;

use super::signals::handle;

/// A source that has said the next lines before anybody could ask for them, even while its listener
/// reads on: each read that makes room is answered by a signal, whose handler fills the pipe.
pub struct Chatter {
    mouth: Cell<Option<PipeWriter>>,
    heard: Cell<bool>,
    /// How much is to come before it ends: the end of each other source, and a line of its own.
    left: Cell<usize>,
}

/// As many lines as the pipe holds, so that a read never asks for more than there is.
static TALK: [u8; 1 << 16] = {
    let mut lines = [b'-'; 1 << 16];
    let mut end = 1023;
    while end < lines.len() {
        lines[end] = b'\n';
        end += 1024;
    }
    lines
};

/// The descriptor of the mouth, for the handler.
static MOUTH: AtomicI32 = AtomicI32::new(-1);

extern "C" fn talk(_: i32) {
    // SAFETY: the mouth is open as long as it can be read here, and `write` may be called by a
    // handler. It cannot block.
    unsafe { libc::write(MOUTH.load(Ordering::Relaxed), TALK.as_ptr().cast(), TALK.len()) };
}

impl Chatter {
    pub fn new(others: usize) -> Self {
        Self { mouth: Cell::new(None), heard: Cell::new(false), left: Cell::new(others + 1) }
    }

    pub fn speak_to<'a>(&'a self, events: &mut EventLoop<'a>) -> io::Result<()> {
        let (ears, mouth) = io::pipe()?;
        handle(Signal::SIGIO, talk)?;
        fcntl(&mouth, FcntlArg::F_SETPIPE_SZ(TALK.len() as i32))?;
        fcntl(&mouth, FcntlArg::F_SETFL(OFlag::O_ASYNC | OFlag::O_NONBLOCK))?;
        // SAFETY: the descriptor is open, and the argument is a pid.
        unsafe { libc::fcntl(mouth.as_raw_fd(), libc::F_SETOWN, getpid().as_raw()) };
        MOUTH.store(mouth.as_raw_fd(), Ordering::Relaxed);
        self.mouth.set(Some(mouth));
        talk(0);
        events.lines(ears.into(), |line| match line {
            Some(_) if self.heard.replace(true) => {}
            Some(_) => {
                event("chatter", "heard");
                self.one_less();
            }
            None => event("chatter", "end"),
        });
        Ok(())
    }

    /// With the last of what is to come this one ends, too.
    pub fn one_less(&self) {
        self.left.update(|left| left - 1);
        if self.left.get() == 0 {
            MOUTH.store(-1, Ordering::Relaxed);
            drop(self.mouth.take());
        }
    }
}
