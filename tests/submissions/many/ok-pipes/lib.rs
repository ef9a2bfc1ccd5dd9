use std::io::{self, PipeReader};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

/// Each child holds the writing end of a pipe, which closes when the child ends.
pub struct Children(Vec<(String, Pid, PipeReader)>);

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut children: Vec<(String, Pid, PipeReader)> = Vec::new();
        for task in tasks {
            let (reader, writer) = io::pipe()?;
            // SAFETY: no other threads.
            match unsafe { fork() }? {
                ForkResult::Child => {
                    let status = (task.work)();
                    unsafe { libc::_exit(status) }
                }
                ForkResult::Parent { child } => {
                    drop(writer);
                    children.push((task.name, child, reader));
                }
            }
        }
        Ok(Children(children))
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut active = Vec::new();
        for (name, _, reader) in &self.0 {
            let mut ends = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
            if poll(&mut ends, PollTimeout::ZERO)? == 0 {
                active.push(name.clone());
            }
        }
        Ok(active)
    }

    pub fn join_all(self) -> io::Result<Vec<i32>> {
        let end = |(_, pid, _): (String, Pid, PipeReader)| match waitpid(pid, None)? {
            WaitStatus::Exited(_, status) => Ok(status),
            WaitStatus::Signaled(_, signal, _) => Ok(-(signal as i32)),
            other => Err(io::Error::other(format!("{other:?}"))),
        };
        self.0.into_iter().map(end).collect()
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
