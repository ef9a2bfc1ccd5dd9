//! The turn is an eventfd that holds the place, so a read takes lock and counter in one; results are packets.

use std::io;
use std::iter::FusedIterator;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process;

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::{self, Signal};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Retries what a signal has interrupted.
fn again<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// The turn: an eventfd with the place + 1 in it. Reading takes it out, so that others wait.
struct Turn(EventFd);

impl Turn {
    fn new() -> nix::Result<Turn> {
        EventFd::from_value_and_flags(1, EfdFlags::EFD_CLOEXEC).map(Turn)
    }

    fn draw(&self) -> nix::Result<usize> {
        let value = again(|| self.0.read())?;
        again(|| self.0.write(value + 1))?;
        Ok(value as usize - 1)
    }
}

struct Worker(Pid);

impl Worker {
    fn wait(&self) {
        let _ = again(|| waitpid(self.0, None));
    }
}

pub struct Results {
    socket: Option<OwnedFd>,
    workers: Vec<Worker>,
    expected: usize,
}

pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let turn = Turn::new()?;
    let (mine, theirs) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
    let mut results = Results { socket: Some(mine), workers: Vec::new(), expected: input.len() };
    for _ in 0..workers {
        // SAFETY: we start no threads
        match unsafe { fork() }? {
            ForkResult::Parent { child } => results.workers.push(Worker(child)),
            ForkResult::Child => {
                // not to be dropped here: its Drop would kill the others
                results.workers.clear();
                results.socket = None;
                let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(
                    || -> nix::Result<()> {
                        while let Some(&number) = input.get(turn.draw()?) {
                            let packet = task(number).to_le_bytes();
                            again(|| send(theirs.as_raw_fd(), &packet, MsgFlags::MSG_NOSIGNAL))?;
                        }
                        Ok(())
                    },
                ));
                process::exit(match ended {
                    Ok(Ok(())) => 0,
                    _ => 3,
                })
            }
        }
    }
    Ok(results)
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.expected == 0 {
            self.workers.drain(..).for_each(|worker| worker.wait());
            self.socket = None;
            return None;
        }
        let socket = self.socket.as_ref()?;
        let mut packet = [0; 8];
        match again(|| recv(socket.as_raw_fd(), &mut packet, MsgFlags::empty())) {
            Ok(8) => {
                self.expected -= 1;
                Some(Ok(i64::from_le_bytes(packet)))
            }
            Ok(_) => {
                self.expected = 0;
                Some(Err(io::ErrorKind::UnexpectedEof.into()))
            }
            Err(e) => {
                self.expected = 0;
                Some(Err(e.into()))
            }
        }
    }
}

impl FusedIterator for Results {}

impl Drop for Results {
    fn drop(&mut self) {
        for worker in &self.workers {
            let _ = signal::kill(worker.0, Signal::SIGKILL);
        }
        for worker in self.workers.drain(..) {
            worker.wait();
        }
    }
}
