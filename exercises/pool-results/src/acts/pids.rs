//! Workers that say in which process they are.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::iter;
use std::os::fd::AsFd;
use std::process;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pool_results::Handle;
use stage::until_asleep;

/// A pipe of process numbers.
pub struct Pids((PipeReader, PipeWriter));

impl Pids {
    pub fn new() -> io::Result<Self> {
        Ok(Self(io::pipe()?))
    }

    pub fn tell(&self) -> io::Result<()> {
        (&self.0.1).write_all(&process::id().to_ne_bytes())
    }

    pub fn hear(&self) -> io::Result<i32> {
        let mut pid = [0; 4];
        (&self.0.0).read_exact(&mut pid)?;
        Ok(i32::from_ne_bytes(pid))
    }

    /// Submits tasks until one of those that wait has begun, when each worker has begun one; and
    /// stops at last.
    pub fn submit_until_another(
        &self,
        workers: usize,
        submit: impl FnMut() -> io::Result<Handle>,
    ) -> io::Result<Vec<Handle>> {
        let workers = (0..workers).map(|_| self.hear()).collect::<io::Result<Vec<_>>>()?;
        let mut handles = Vec::new();
        for handle in iter::repeat_with(submit).take(200) {
            handles.push(handle?);
            // Whoever is done sleeps, and has answered.
            for &worker in &workers {
                until_asleep(worker);
            }
            let look = PollFd::new(self.0.0.as_fd(), PollFlags::POLLIN);
            if poll(&mut [look], PollTimeout::from(1u8))? > 0 {
                break;
            }
        }
        self.hear()?;
        Ok(handles)
    }
}
