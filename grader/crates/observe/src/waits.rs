//! What a blocked task waits for, read from its system call.

use std::fs;

use crate::arch;
use crate::descriptors::{Descriptors, Mode, Opened};
use crate::family::{Family, TaskRef};
use crate::mappings::{self, Mapping};
use crate::memory;
use crate::proc::{self, Call};
use crate::sockets::Peer;
use crate::{Surroundings, locks, sockets, sysv};

/// An untimed wait that only tasks of the run can end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// For a word in memory: a lock, a condition, a semaphore, the end of a thread.
    Futex {
        /// Where the word is, in the waiting process.
        address: u64,
        /// The processes that could change it and say so.
        sharers: Vec<i32>,
    },
    /// For the end of one of these children.
    Child {
        /// The processes awaited.
        children: Vec<i32>,
    },
    /// For an object of the kernel.
    Object {
        /// How a person calls it: `pipe 4711`, `System V semaphore set 3`.
        name: String,
        /// What it does not have.
        lack: Lack,
        /// The processes that could change that.
        holders: Vec<i32>,
        /// Their descriptors by which they could.
        ends: Vec<(i32, u64)>,
    },
}

/// What an object does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// Something to read or take.
    Content,
    /// Room to write.
    Room,
    /// A lock that nobody else has.
    Lock,
}

/// Everything that a judgement on a wait may have to look at.
pub(crate) struct Scene<'a> {
    /// The processes and threads of the run.
    pub(crate) family: &'a Family,
    /// The tasks that live.
    pub(crate) roll: &'a [TaskRef],
    surroundings: Surroundings,
    descriptors: Option<Descriptors>,
}

/// Who holds an object by which descriptors.
struct Ends {
    holders: Vec<i32>,
    ends: Vec<(i32, u64)>,
}

impl Ends {
    fn of(self, name: String, lack: Lack) -> Wait {
        Wait::Object { name, lack, holders: self.holders, ends: self.ends }
    }
}

type Judgement = Result<Wait, String>;

impl<'a> Scene<'a> {
    pub(crate) fn new(family: &'a Family, roll: &'a [TaskRef], surroundings: Surroundings) -> Self {
        Self { family, roll, surroundings, descriptors: None }
    }

    /// Whether somebody outside could use what has a name.
    pub(crate) fn has_neighbours(&self) -> bool {
        self.surroundings == Surroundings::Shared
    }

    /// Whether a process belongs to the run.
    pub(crate) fn is_member(&self, pid: i32) -> bool {
        self.roll.iter().any(|task| task.pid == pid)
    }

    /// All processes of the run.
    pub(crate) fn members(&self) -> Vec<i32> {
        let mut members: Vec<_> = self.roll.iter().map(|task| task.pid).collect();
        members.sort_unstable();
        members.dedup();
        members
    }

    /// What `task` waits for; otherwise why that proves nothing.
    pub(crate) fn judge(&mut self, task: TaskRef, call: &Call) -> Judgement {
        let [a, _, _, d, e, _] = call.args;
        match call.number {
            libc::SYS_futex => self.futex(task, call),
            libc::SYS_wait4 => {
                let wanted = a as i32;
                self.child(task, (wanted > 0).then_some(wanted))
            }
            libc::SYS_waitid => self.waitid(task, call),
            libc::SYS_read | libc::SYS_readv | libc::SYS_recvfrom | libc::SYS_recvmsg => {
                self.file(task, a, Lack::Content)
            }
            libc::SYS_write | libc::SYS_writev | libc::SYS_sendto | libc::SYS_sendmsg => {
                self.file(task, a, Lack::Room)
            }
            arch::POLL if is_endless(call.args[2]) => self.any_of(task, polled(task, call)?),
            libc::SYS_ppoll if call.args[2] == 0 => self.any_of(task, polled(task, call)?),
            arch::SELECT | libc::SYS_pselect6 if e == 0 => self.any_of(task, selected(task, call)?),
            arch::EPOLL_WAIT | libc::SYS_epoll_pwait if is_endless(d) => {
                self.any_of(task, registered(task, a)?)
            }
            libc::SYS_semop => sysv::semaphores(self, task, a),
            libc::SYS_semtimedop if d == 0 => sysv::semaphores(self, task, a),
            libc::SYS_msgrcv => sysv::queue(self, a, Lack::Content),
            libc::SYS_msgsnd => sysv::queue(self, a, Lack::Room),
            libc::SYS_mq_timedreceive if e == 0 => self.message_queue(task, a, Lack::Content),
            libc::SYS_mq_timedsend if e == 0 => self.message_queue(task, a, Lack::Room),
            arch::ACCEPT | libc::SYS_accept4 => self.file(task, a, Lack::Content),
            libc::SYS_fcntl | libc::SYS_flock => locks::file_lock(self, task, a),
            number => Err(why_open(number)),
        }
    }

    fn futex(&mut self, task: TaskRef, call: &Call) -> Judgement {
        const PRIVATE: u64 = 128;
        let [address, operation, _, timeout, ..] = call.args;
        // WAIT, LOCK_PI, WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2
        if !matches!(operation & 0x7f, 0 | 6 | 9 | 11 | 13) {
            return Err(format!("it is in futex operation {operation}"));
        }
        if timeout != 0 {
            return Err("its wait is bounded in time".to_owned());
        }
        let sharers = if operation & PRIVATE == 0 {
            self.sharers_of_memory(task.pid, address)?
        } else {
            vec![task.pid]
        };
        Ok(Wait::Futex { address, sharers })
    }

    /// Whether nobody outside could change what a process reads in its memory.
    pub(crate) fn memory_stays_inside(&self, pid: i32) -> bool {
        let mappings = mappings::all(pid);
        mappings.iter().all(|mapping| self.sharers(pid, mapping).is_ok())
    }

    fn sharers_of_memory(&self, pid: i32, address: u64) -> Result<Vec<i32>, String> {
        let mapping = Mapping::of(pid, address).ok_or("its futex is in no mapping")?;
        self.sharers(pid, &mapping)
    }

    fn sharers(&self, pid: i32, mapping: &Mapping) -> Result<Vec<i32>, String> {
        if !mapping.shared {
            return Ok(vec![pid]);
        }
        // All descendants of the program are members of the run.
        let candidates =
            if mapping.is_inherited() { self.members() } else { mappings::all_processes() };
        let mut sharers = mapping.sharers_among(candidates);
        sharers.sort_unstable();
        self.all_inside(&sharers, "shares the memory")?;
        if sharers.len() < 2 && mapping.has_name() && self.has_neighbours() {
            return Err(format!("another program could open {}", mapping.path));
        }
        Ok(sharers)
    }

    fn waitid(&mut self, task: TaskRef, call: &Call) -> Judgement {
        let number = call.args[1] as i32;
        match call.args[0] as u32 {
            libc::P_PID => self.child(task, Some(number)),
            libc::P_PIDFD => {
                let info = format!("/proc/{}/task/{}/fdinfo/{number}", task.pid, task.tid);
                let pid = proc::line(&info, "Pid:").and_then(|pid| pid.parse().ok());
                let pid = pid.ok_or("it waits for an unknown process")?;
                self.child_by_our_number(task, Some(pid))
            }
            _ => self.child(task, None),
        }
    }

    /// `wanted` is a number as the program knows it.
    fn child(&mut self, task: TaskRef, wanted: Option<i32>) -> Judgement {
        let wanted = match wanted {
            None => None,
            Some(number) => {
                Some(self.family.seen(number).ok_or("it waits for a process outside the run")?)
            }
        };
        self.child_by_our_number(task, wanted)
    }

    fn child_by_our_number(&mut self, task: TaskRef, wanted: Option<i32>) -> Judgement {
        let mut children = self.family.living_children(task.pid);
        if let Some(wanted) = wanted {
            children.retain(|child| *child == wanted);
        }
        if children.is_empty() {
            return Err("it waits for a process that is no child in the run".to_owned());
        }
        Ok(Wait::Child { children })
    }

    fn file(&mut self, task: TaskRef, descriptor: u64, lack: Lack) -> Judgement {
        let name = Opened::name(task, descriptor).ok_or("its descriptor is gone")?;
        if let Some(number) = numbered(&name, "pipe:[") {
            let ends = self.holders(&name, |end| other_end(lack, end.mode()))?;
            return Ok(ends.of(format!("pipe {number}"), lack));
        }
        if let Some(inode) = numbered(&name, "socket:[") {
            if sockets::awaits_connections(task, descriptor) {
                return self.by_anybody(format!("a connection to Unix socket {inode}"), lack);
            }
            let name = format!("Unix socket {inode}");
            let Peer::Socket(peer) = sockets::peer(task, descriptor, inode)? else {
                return self.by_anybody(format!("{name}, not yet accepted"), lack);
            };
            let ends = self.holders(&format!("socket:[{peer}]"), |_| true)?;
            return Ok(ends.of(name, lack));
        }
        if name == "anon_inode:[eventfd]" {
            return self.event_counter(task, descriptor, lack);
        }
        if is_fifo(task, descriptor) {
            let ends = self.holders(&name, |end| other_end(lack, end.mode()))?;
            let alone = ends.holders.iter().all(|holder| *holder == task.pid);
            if alone && self.has_neighbours() {
                return Err(format!("another program could open the FIFO {name}"));
            }
            return Ok(ends.of(format!("FIFO {name}"), lack));
        }
        Err(format!("it waits on {name}"))
    }

    /// Any process of the run might connect or accept, and nobody else if it has no neighbours.
    fn by_anybody(&self, name: String, lack: Lack) -> Judgement {
        if self.has_neighbours() {
            return Err(format!("it waits on {name}, which is open to others"));
        }
        let ends = Ends { holders: self.members(), ends: Vec::new() };
        Ok(ends.of(name, lack))
    }

    /// Waits for several files at once are endless if all of them are.
    fn any_of(&mut self, task: TaskRef, files: Vec<(u64, Lack)>) -> Judgement {
        let (mut names, mut holders, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let mut lacks = Vec::new();
        for (descriptor, lack) in files {
            let Wait::Object { name, lack, holders: more, ends: with } =
                self.file(task, descriptor, lack)?
            else {
                return Err("it waits for any of several things".to_owned());
            };
            names.push(name);
            lacks.push(lack);
            holders.extend(more);
            ends.extend(with);
        }
        let lack = *lacks.first().ok_or("it waits for no file, so for a signal")?;
        holders.sort_unstable();
        holders.dedup();
        Ok(Wait::Object { name: names.join(" or "), lack, holders, ends })
    }

    fn event_counter(&mut self, task: TaskRef, descriptor: u64, lack: Lack) -> Judgement {
        let info = format!("/proc/{}/task/{}/fdinfo/{descriptor}", task.pid, task.tid);
        let id = proc::line(&info, "eventfd-id:").ok_or("its eventfd has no number")?;
        let ends = self.holders("anon_inode:[eventfd]", |end| {
            proc::line(&end.info(), "eventfd-id:").is_none_or(|other| other == id)
        })?;
        Ok(ends.of(format!("eventfd {id}"), lack))
    }

    fn message_queue(&mut self, task: TaskRef, descriptor: u64, lack: Lack) -> Judgement {
        let name = Opened::name(task, descriptor).ok_or("its descriptor is gone")?;
        let ends = self.holders(&name, |_| true)?;
        if ends.holders.len() < 2 && self.has_neighbours() {
            return Err(format!("another program could open the message queue {name}"));
        }
        Ok(ends.of(format!("message queue {name}"), lack))
    }

    /// The processes that hold a descriptor of `name` that counts, all of them inside.
    fn holders(&mut self, name: &str, counts: impl Fn(&Opened) -> bool) -> Result<Ends, String> {
        let all = self.descriptors.get_or_insert_with(Descriptors::scan).of(name);
        let ends = all.iter().filter(|end| counts(end)).map(|end| (end.pid, end.number));
        let ends: Vec<_> = ends.collect();
        let mut holders: Vec<_> = ends.iter().map(|(pid, _)| *pid).collect();
        holders.sort_unstable();
        holders.dedup();
        self.all_inside(&holders, &format!("holds {name}"))?;
        if holders.is_empty() {
            return Err(format!("nobody is seen to hold the other end of {name}"));
        }
        Ok(Ends { holders, ends })
    }

    fn all_inside(&self, processes: &[i32], doing: &str) -> Result<(), String> {
        match processes.iter().find(|pid| !self.is_member(**pid)) {
            Some(outside) => Err(format!("process {outside}, outside the run, {doing}")),
            None => Ok(()),
        }
    }
}

fn why_open(number: i64) -> String {
    match number {
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => "it sleeps".to_owned(),
        arch::PAUSE | libc::SYS_rt_sigsuspend | libc::SYS_rt_sigtimedwait => {
            "it waits for a signal, which anyone may send".to_owned()
        }
        arch::POLL
        | libc::SYS_ppoll
        | arch::SELECT
        | libc::SYS_pselect6
        | arch::EPOLL_WAIT
        | libc::SYS_epoll_pwait => "its wait is bounded in time".to_owned(),
        arch::OPEN | libc::SYS_openat => "it waits for a file to be opened".to_owned(),
        libc::SYS_semtimedop | libc::SYS_mq_timedreceive | libc::SYS_mq_timedsend => {
            "its wait is bounded in time".to_owned()
        }
        other => format!("it is in system call {other}"),
    }
}

/// Whether a bound in milliseconds is none.
fn is_endless(milliseconds: u64) -> bool {
    (milliseconds as i32) < 0
}

/// The files that `poll` waits for, from its argument in memory.
fn polled(task: TaskRef, call: &Call) -> Result<Vec<(u64, Lack)>, String> {
    const UNREADABLE: &str = "its list of files cannot be read";
    let count = usize::try_from(call.args[1]).map_err(|_| UNREADABLE)?;
    let bytes = memory::read(task.pid, call.args[0], count.min(1024) * 8).ok_or(UNREADABLE)?;
    let mut files = Vec::new();
    for entry in bytes.chunks_exact(8) {
        let number = i32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let events = i16::from_le_bytes([entry[4], entry[5]]);
        if let Ok(number) = u64::try_from(number) {
            files.extend(wanted(number, events & libc::POLLIN != 0, events & libc::POLLOUT != 0));
        }
    }
    Ok(files)
}

/// The files that `select` waits for, from its three sets in memory.
fn selected(task: TaskRef, call: &Call) -> Result<Vec<(u64, Lack)>, String> {
    let [count, read, write, except, ..] = call.args;
    if except != 0 {
        return Err("it waits for exceptions of files".to_owned());
    }
    let set = |at: u64| match at {
        0 => Some(vec![0; 128]),
        at => memory::read(task.pid, at, 128),
    };
    let unreadable = "its list of files cannot be read";
    let (read, write) = (set(read).ok_or(unreadable)?, set(write).ok_or(unreadable)?);
    let has = |set: &[u8], number: u64| set[(number / 8) as usize] >> (number % 8) & 1 == 1;
    let listed = (0..count.min(1024)).filter(|one| has(&read, *one) || has(&write, *one));
    let files = listed.flat_map(|one| wanted(one, has(&read, one), has(&write, one)));
    Ok(files.collect())
}

/// The files that an epoll instance watches, as the kernel lists them.
fn registered(task: TaskRef, descriptor: u64) -> Result<Vec<(u64, Lack)>, String> {
    let info = format!("/proc/{}/task/{}/fdinfo/{descriptor}", task.pid, task.tid);
    let text = proc::read(&info).ok_or("its epoll instance cannot be read")?;
    let files = text.lines().filter_map(|line| {
        let mut words = line.strip_prefix("tfd:")?.split_whitespace();
        let number = words.next()?.parse().ok()?;
        let events = u32::from_str_radix(words.nth(1)?, 16).ok()?;
        let has = |event: i32| events & event.cast_unsigned() != 0;
        Some(wanted(number, has(libc::EPOLLIN), has(libc::EPOLLOUT)))
    });
    Ok(files.flatten().collect())
}

/// One entry for each thing wanted of a file. One of which nothing is wanted is
/// watched for its other end to close, which is up to the same holders.
fn wanted(number: u64, read: bool, write: bool) -> Vec<(u64, Lack)> {
    let mut wanted = Vec::new();
    if read || !write {
        wanted.push((number, Lack::Content));
    }
    if write {
        wanted.push((number, Lack::Room));
    }
    wanted
}

fn other_end(lack: Lack, mode: Mode) -> bool {
    match lack {
        Lack::Content | Lack::Lock => mode.writes(),
        Lack::Room => mode.reads(),
    }
}

/// The number in a kernel name such as `pipe:[4711]`.
fn numbered<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    name.strip_prefix(prefix)?.strip_suffix(']')
}

fn is_fifo(task: TaskRef, descriptor: u64) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(format!("/proc/{}/task/{}/fd/{descriptor}", task.pid, task.tid))
        .is_ok_and(|file| file.file_type().is_fifo())
}
