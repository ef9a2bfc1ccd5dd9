//! What a blocked task waits for, read from its system call.

use std::fs;

use crate::descriptors::{Descriptors, Opened};
use crate::family::{Family, TaskRef};
use crate::proc::{self, Call};

/// An untimed wait that only tasks of the run can end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// For a word in memory: a lock, a condition, a semaphore, the end of a thread.
    Futex {
        /// Where the word is, in the waiting process.
        address: u64,
    },
    /// For the end of one of these children.
    Child {
        /// The processes awaited.
        children: Vec<i32>,
    },
    /// For data from, or room in, a pipe.
    Pipe {
        /// As the kernel names it: `pipe:[4711]`.
        name: String,
        /// The descriptor, as the waiting process knows it.
        descriptor: u64,
        /// What is missing.
        lack: Lack,
        /// The processes that hold the other end.
        holders: Vec<i32>,
    },
}

/// What a pipe does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// Something to read.
    Content,
    /// Room to write.
    Room,
}

/// Everything that a judgement on a wait may have to look at.
pub(crate) struct Scene<'a> {
    /// The processes and threads of the run.
    pub(crate) family: &'a Family,
    /// The tasks that live.
    pub(crate) roll: &'a [TaskRef],
    descriptors: Option<Descriptors>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(family: &'a Family, roll: &'a [TaskRef]) -> Self {
        Self { family, roll, descriptors: None }
    }

    fn is_member(&self, pid: i32) -> bool {
        self.roll.iter().any(|task| task.pid == pid)
    }

    fn descriptors(&mut self) -> &Descriptors {
        self.descriptors.get_or_insert_with(Descriptors::scan)
    }

    /// What `task` waits for; otherwise why that is no proof of anything.
    pub(crate) fn judge(&mut self, task: TaskRef, call: &Call) -> Result<Wait, String> {
        match call.number {
            libc::SYS_futex => self.futex(task, call),
            libc::SYS_wait4 => {
                let wanted = call.args[0] as i32;
                self.child(task, (wanted > 0).then_some(wanted))
            }
            libc::SYS_waitid => self.waitid(task, call),
            libc::SYS_read | libc::SYS_readv => self.pipe(task, call.args[0], Lack::Content),
            libc::SYS_write | libc::SYS_writev => self.pipe(task, call.args[0], Lack::Room),
            libc::SYS_nanosleep | libc::SYS_clock_nanosleep => Err("it sleeps".to_owned()),
            libc::SYS_pause | libc::SYS_rt_sigsuspend | libc::SYS_rt_sigtimedwait => {
                Err("it waits for a signal, which anyone may send".to_owned())
            }
            other => Err(format!("it is in system call {other}")),
        }
    }

    fn futex(&mut self, task: TaskRef, call: &Call) -> Result<Wait, String> {
        const PRIVATE: u64 = 128;
        let [address, operation, _, timeout, ..] = call.args;
        // WAIT, LOCK_PI, WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2
        if !matches!(operation & 0x7f, 0 | 6 | 9 | 11 | 13) {
            return Err(format!("it is in futex operation {operation}"));
        }
        if timeout != 0 {
            return Err("its wait is bounded in time".to_owned());
        }
        if operation & PRIVATE == 0 {
            self.shared_memory_stays_inside(task.pid, address)?;
        }
        Ok(Wait::Futex { address })
    }

    fn shared_memory_stays_inside(&self, pid: i32, address: u64) -> Result<(), String> {
        let mapping = Mapping::of(pid, address).ok_or("its futex is in no mapping")?;
        if !mapping.shared {
            return Ok(());
        }
        let mut sharers = 0;
        for other in all_processes() {
            let text = proc::read(&format!("/proc/{other}/maps")).unwrap_or_default();
            if !text.contains(&mapping.identity) {
                continue;
            }
            if !self.is_member(other) {
                return Err(format!("process {other}, outside, shares the memory"));
            }
            sharers += 1;
        }
        if sharers < 2 && mapping.has_name {
            return Err(format!("another program could open {}", mapping.path));
        }
        Ok(())
    }

    fn waitid(&mut self, task: TaskRef, call: &Call) -> Result<Wait, String> {
        let number = call.args[1] as i32;
        match call.args[0] as u32 {
            libc::P_PID => self.child(task, Some(number)),
            libc::P_PIDFD => {
                let info = format!("/proc/{}/task/{}/fdinfo/{number}", task.pid, task.tid);
                let text = proc::read(&info).unwrap_or_default();
                let line = text.lines().find_map(|line| line.strip_prefix("Pid:"));
                let pid = line.and_then(|word| word.trim().parse().ok());
                let pid = pid.ok_or("it waits for an unknown process")?;
                self.child_by_our_number(task, Some(pid))
            }
            _ => self.child(task, None),
        }
    }

    fn child(&mut self, task: TaskRef, wanted: Option<i32>) -> Result<Wait, String> {
        let wanted = match wanted {
            None => None,
            Some(number) => {
                Some(self.family.seen(number).ok_or("it waits for a process outside the run")?)
            }
        };
        self.child_by_our_number(task, wanted)
    }

    fn child_by_our_number(&mut self, task: TaskRef, wanted: Option<i32>) -> Result<Wait, String> {
        let mut children = self.family.living_children(task.pid);
        if let Some(wanted) = wanted {
            children.retain(|child| *child == wanted);
        }
        if children.is_empty() {
            return Err("it waits for a process that is no child in the run".to_owned());
        }
        Ok(Wait::Child { children })
    }

    fn pipe(&mut self, task: TaskRef, descriptor: u64, lack: Lack) -> Result<Wait, String> {
        let name = Opened::name(task, descriptor).ok_or("its descriptor is gone")?;
        if !name.starts_with("pipe:") {
            return Err(format!("it waits on {name}"));
        }
        let holders = self.holders(&name, |mode| match lack {
            Lack::Content => mode.writes(),
            Lack::Room => mode.reads(),
        })?;
        Ok(Wait::Pipe { name, descriptor, lack, holders })
    }

    /// The processes that hold an end of `name`, if all of them are inside.
    fn holders(
        &mut self,
        name: &str,
        counts: impl Fn(&crate::descriptors::Mode) -> bool,
    ) -> Result<Vec<i32>, String> {
        let ends = self.descriptors().of(name);
        let mut holders: Vec<_> =
            ends.into_iter().filter(|end| counts(&end.mode())).map(|end| end.pid).collect();
        holders.dedup();
        if let Some(outside) = holders.iter().find(|pid| !self.is_member(**pid)) {
            return Err(format!("process {outside}, outside, holds the other end of {name}"));
        }
        if holders.is_empty() {
            return Err(format!("nobody is seen to hold the other end of {name}"));
        }
        Ok(holders)
    }
}

/// One mapping of a process.
struct Mapping {
    shared: bool,
    /// Offset, device and inode as `/proc` prints them: the same in every sharer.
    identity: String,
    path: String,
    has_name: bool,
}

impl Mapping {
    fn of(pid: i32, address: u64) -> Option<Self> {
        let text = proc::read(&format!("/proc/{pid}/maps"))?;
        text.lines().find_map(|line| Self::parse(line, address))
    }

    fn parse(line: &str, address: u64) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (from, to) = words.next()?.split_once('-')?;
        let from = u64::from_str_radix(from, 16).ok()?;
        let to = u64::from_str_radix(to, 16).ok()?;
        if !(from..to).contains(&address) {
            return None;
        }
        let shared = words.next()?.ends_with('s');
        let (_, device, inode) = (words.next()?, words.next()?, words.next()?);
        let path = words.collect::<Vec<_>>().join(" ");
        let has_name = path.starts_with('/') && !path.ends_with("(deleted)");
        Some(Self { shared, identity: format!(" {device} {inode} "), path, has_name })
    }
}

/// Every process that can be seen.
pub(crate) fn all_processes() -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_found_by_an_address_inside() {
        let line = "7f00-8f00 rw-s 00000000 00:01 1025                       /dev/zero (deleted)";
        let mapping = Mapping::parse(line, 0x7f08).unwrap();
        assert!(mapping.shared && !mapping.has_name);
        assert_eq!(mapping.identity, " 00:01 1025 ");
        assert!(Mapping::parse(line, 0x8f00).is_none());
    }
}
