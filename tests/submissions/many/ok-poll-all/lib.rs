use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

enum Slot {
    Runs(OwnedFd),
    Over(i32),
}

pub struct Children {
    slots: Vec<(String, i32, Slot)>,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut slots = Vec::new();
        for task in tasks {
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                let status = (task.work)();
                unsafe { libc::_exit(status) };
            }
            if pid < 0 {
                return Err(io::Error::last_os_error());
            }
            let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            let fd = unsafe { OwnedFd::from_raw_fd(fd as i32) };
            slots.push((task.name, pid, Slot::Runs(fd)));
        }
        Ok(Children { slots })
    }

    /// Reaps those that have ended; with a timeout of -1 waits until there is one.
    fn turn(&mut self, timeout: i32) -> io::Result<()> {
        let mut who = vec![];
        let mut set = vec![];
        for (index, (_, _, slot)) in self.slots.iter().enumerate() {
            if let Slot::Runs(fd) = slot {
                who.push(index);
                set.push(libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 });
            }
        }
        if who.is_empty() {
            return Ok(());
        }
        if unsafe { libc::poll(set.as_mut_ptr(), set.len() as _, timeout) } < 0 {
            return match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => self.turn(timeout),
                e => Err(e),
            };
        }
        for (index, pollfd) in who.into_iter().zip(set) {
            if pollfd.revents != 0 {
                let (_, pid, slot) = &mut self.slots[index];
                let mut status = 0;
                if unsafe { libc::waitpid(*pid, &mut status, 0) } < 0 {
                    return Err(io::Error::last_os_error());
                }
                *slot = Slot::Over(if libc::WIFEXITED(status) {
                    libc::WEXITSTATUS(status)
                } else {
                    -libc::WTERMSIG(status)
                });
            }
        }
        Ok(())
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        self.turn(0)?;
        let runs = |(name, _, slot): &(String, i32, Slot)| match slot {
            Slot::Runs(_) => Some(name.clone()),
            Slot::Over(_) => None,
        };
        Ok(self.slots.iter().filter_map(runs).collect())
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        while self.slots.iter().any(|(_, _, slot)| matches!(slot, Slot::Runs(_))) {
            self.turn(-1)?;
        }
        let code = |(_, _, slot)| match slot {
            Slot::Over(code) => code,
            Slot::Runs(_) => unreachable!("all have ended"),
        };
        Ok(self.slots.into_iter().map(code).collect())
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map(|n| n.into()).unwrap_or(1)
}
