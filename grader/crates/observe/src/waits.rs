//! What a blocked task waits for, read from its system call.

use nix::sys::statfs::{FsType, statfs};

use crate::arch;
use crate::descriptors::{Descriptors, Mode, Opened};
use crate::doubt::Doubtful;
use crate::family::{Family, TaskRef};
use crate::mappings::{self, Mapping};
use crate::memory;
use crate::polling::{is_endless, polled, registered, selected};
use crate::proc::{self, Call};
use crate::shared::Shared;
use crate::sockets::Peer;
use crate::{fifo, locks, sockets, sysv};

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
    /// For a signal, which only they could send.
    Signal,
    /// For the first of several of these.
    Any(Vec<Wait>),
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
    /// Somebody who does his part, which the name says: `a connection to Unix socket 4711`.
    Partner,
    /// Units of a semaphore, which whoever changed it last may have taken.
    Units,
}

/// Everything that a judgement on a wait may have to look at.
pub(crate) struct Scene<'a> {
    /// The processes and threads of the run.
    pub(crate) family: &'a Family,
    /// The tasks that live.
    pub(crate) roll: &'a [TaskRef],
    shared: &'a Shared,
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

/// What a task waits for, or why that proves nothing.
pub(crate) type Judgement = Result<Wait, Doubtful>;

impl<'a> Scene<'a> {
    pub(crate) fn new(family: &'a Family, roll: &'a [TaskRef], shared: &'a Shared) -> Self {
        Self { family, roll, shared, descriptors: None }
    }

    /// Whether somebody outside could use what has a name.
    pub(crate) fn has_neighbours(&self) -> bool {
        self.shared.has_neighbours()
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

    /// The processes that could hold what a process of the run holds.
    ///
    /// In surroundings of its own a run has only what it made itself, and what those gave it
    /// who started it: this process, which made its streams, and who stands in between.
    fn possible_holders(&self) -> Vec<i32> {
        if self.has_neighbours() {
            return mappings::all_processes();
        }
        let ours = std::process::id().cast_signed();
        let mut processes = self.members();
        let above = self.family.first().into_iter().flat_map(proc::ancestors);
        processes.extend(above.take_while(|above| *above != ours));
        processes.push(ours);
        processes
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
            libc::SYS_read
            | libc::SYS_readv
            | libc::SYS_preadv2
            | libc::SYS_recvfrom
            | libc::SYS_recvmsg => self.file(task, a, Lack::Content),
            libc::SYS_recvmmsg if e == 0 => self.file(task, a, Lack::Content),
            libc::SYS_write
            | libc::SYS_writev
            | libc::SYS_pwritev2
            | libc::SYS_sendto
            | libc::SYS_sendmsg
            | libc::SYS_sendmmsg
            | libc::SYS_sendfile => self.file(task, a, Lack::Room),
            libc::SYS_tee => self.carry(task, a, call.args[1]),
            libc::SYS_splice => self.carry(task, a, call.args[2]),
            libc::SYS_futex_waitv if d == 0 => self.any_futex(task, call),
            arch::POLL if is_endless(call.args[2]) => self.any_of(task, polled(task, call)?),
            libc::SYS_ppoll if call.args[2] == 0 => self.any_of(task, polled(task, call)?),
            arch::SELECT | libc::SYS_pselect6 if e == 0 => self.any_of(task, selected(task, call)?),
            arch::EPOLL_WAIT | libc::SYS_epoll_pwait if is_endless(d) => {
                self.any_of(task, registered(task, a)?)
            }
            libc::SYS_epoll_pwait2 if d == 0 => self.any_of(task, registered(task, a)?),
            libc::SYS_semop => sysv::semaphores(self, task, call),
            libc::SYS_semtimedop if d == 0 => sysv::semaphores(self, task, call),
            libc::SYS_msgrcv => sysv::queue(self, a, Lack::Content),
            libc::SYS_msgsnd => sysv::queue(self, a, Lack::Room),
            libc::SYS_mq_timedreceive if e == 0 => self.message_queue(task, a, Lack::Content),
            libc::SYS_mq_timedsend if e == 0 => self.message_queue(task, a, Lack::Room),
            arch::ACCEPT | libc::SYS_accept4 => self.file(task, a, Lack::Content),
            libc::SYS_fcntl | libc::SYS_flock => locks::file_lock(self, task, a),
            arch::OPEN => fifo::opening(self, task, libc::AT_FDCWD, [a, call.args[1]]),
            libc::SYS_openat => fifo::opening(self, task, a as i32, [call.args[1], call.args[2]]),
            arch::PAUSE | libc::SYS_rt_sigsuspend => self.signal(),
            libc::SYS_rt_sigtimedwait if call.args[2] == 0 => self.signal(),
            number => Err(doubt_about(number)),
        }
    }

    fn futex(&mut self, task: TaskRef, call: &Call) -> Judgement {
        const PRIVATE: u64 = 128;
        let [address, operation, _, timeout, ..] = call.args;
        // WAIT, LOCK_PI, WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2
        if !matches!(operation & 0x7f, 0 | 6 | 9 | 11 | 13) {
            return Err(Doubtful::unseen(format!("it is in futex operation {operation}")));
        }
        if timeout != 0 {
            return Err(bounded());
        }
        self.word(task, address, operation & PRIVATE != 0)
    }

    /// A wait for any of several words, from the list in memory.
    fn any_futex(&mut self, task: TaskRef, call: &Call) -> Judgement {
        const PRIVATE: u64 = 128;
        /// Bytes of an item: the value, the address, flags.
        const ITEM: usize = 24;
        let count = usize::try_from(call.args[1]).unwrap_or(0).min(128);
        let list = memory::read(task.pid, call.args[0], count * ITEM);
        let list = list.filter(|list| !list.is_empty()).ok_or("its list of words is unreadable")?;
        let long =
            |item: &[u8], at: usize| item[at..at + 8].try_into().map_or(0, u64::from_ne_bytes);
        let words = list.chunks_exact(ITEM).map(|item| (long(item, 8), long(item, 16)));
        let words: Vec<_> = words.collect();
        let waits = words.into_iter().map(|(at, flags)| self.word(task, at, flags & PRIVATE != 0));
        waits.collect::<Result<_, _>>().map(Wait::Any)
    }

    /// A wait for a word that is the process's own, or anybody's who shares that memory.
    fn word(&self, task: TaskRef, address: u64, private: bool) -> Judgement {
        let sharers =
            if private { vec![task.pid] } else { self.sharers_of_memory(task.pid, address)? };
        Ok(Wait::Futex { address, sharers })
    }

    /// Whether nobody outside could change what a process reads in its memory.
    pub(crate) fn memory_stays_inside(&self, pid: i32) -> bool {
        let mappings = mappings::all(pid);
        mappings.iter().all(|mapping| self.sharers(pid, mapping).is_ok())
    }

    fn sharers_of_memory(&self, pid: i32, address: u64) -> Result<Vec<i32>, Doubtful> {
        let mapping = Mapping::of(pid, address).ok_or("its futex is in no mapping")?;
        self.sharers(pid, &mapping)
    }

    fn sharers(&self, pid: i32, mapping: &Mapping) -> Result<Vec<i32>, Doubtful> {
        if !mapping.shared {
            return Ok(vec![pid]);
        }
        // All descendants of the program are members of the run.
        let candidates =
            if mapping.is_inherited() { self.members() } else { self.possible_holders() };
        let mut sharers = mapping.sharers_among(candidates);
        sharers.sort_unstable();
        self.all_inside(&sharers, "shares the memory")?;
        if sharers.len() < 2 && mapping.has_name() && self.has_neighbours() {
            return Err(Doubtful::outsider(format!("another program could open {}", mapping.path)));
        }
        Ok(sharers)
    }

    fn waitid(&mut self, task: TaskRef, call: &Call) -> Judgement {
        let number = call.args[1] as i32;
        match call.args[0] as u32 {
            libc::P_PID => self.child(task, Some(number)),
            libc::P_PIDFD => self.end_of_process(task, call.args[1]),
            _ => self.child(task, None),
        }
    }

    /// `wanted` is a number as the program knows it.
    fn child(&mut self, task: TaskRef, wanted: Option<i32>) -> Judgement {
        let wanted = match wanted {
            None => None,
            Some(number) => Some(self.family.seen(number).ok_or_else(stranger)?),
        };
        self.child_by_our_number(task, wanted)
    }

    fn child_by_our_number(&mut self, task: TaskRef, wanted: Option<i32>) -> Judgement {
        let mut children = self.family.living_children(task.pid);
        if let Some(wanted) = wanted {
            children.retain(|child| *child == wanted);
        }
        if children.is_empty() {
            return Err(Doubtful::unseen("it waits for a process that is no child in the run"));
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
                return self.by_anybody(format!("a connection to Unix socket {inode}"));
            }
            let name = format!("Unix socket {inode}");
            let Peer::Socket(peer) = sockets::peer(task, descriptor, inode)? else {
                return self.by_anybody(format!("somebody to accept its connection, {name}"));
            };
            let ends = self.holders(&format!("socket:[{peer}]"), |_| true)?;
            return Ok(ends.of(name, lack));
        }
        if name == "anon_inode:[eventfd]" {
            return self.event_counter(task, descriptor, lack);
        }
        if name == "anon_inode:[pidfd]" {
            return self.end_of_process(task, descriptor);
        }
        if name == "anon_inode:[timerfd]" {
            return self.timer(task, descriptor);
        }
        if name == "anon_inode:[signalfd]" {
            return self.signal();
        }
        if fifo::is_one(task, descriptor) {
            let ends = self.holders(&name, |end| other_end(lack, end.mode()))?;
            let alone = ends.holders.iter().all(|holder| *holder == task.pid);
            if alone && self.has_neighbours() {
                let words = format!("another program could open the FIFO {name}");
                return Err(Doubtful::outsider(words));
            }
            return Ok(ends.of(format!("FIFO {name}"), lack));
        }
        if is_message_queue(task, descriptor) {
            return self.message_queue(task, descriptor, lack);
        }
        Err(Doubtful::unseen(format!("it waits on {name}")))
    }

    /// Any process of the run might do its part, and nobody else if it has no neighbours.
    pub(crate) fn by_anybody(&self, name: String) -> Judgement {
        if self.has_neighbours() {
            let words = format!("it waits for {name}, which is up to anyone");
            return Err(Doubtful::outsider(words));
        }
        let ends = Ends { holders: self.members(), ends: Vec::new() };
        Ok(ends.of(name, Lack::Partner))
    }

    fn signal(&self) -> Judgement {
        if self.has_neighbours() {
            return Err(Doubtful::outsider("it waits for a signal, which anyone may send"));
        }
        Ok(Wait::Signal)
    }

    /// Any process of the run may be waited for by a descriptor, not only a child.
    fn end_of_process(&self, task: TaskRef, descriptor: u64) -> Judgement {
        let info = format!("/proc/{}/task/{}/fdinfo/{descriptor}", task.pid, task.tid);
        let pid = proc::line(&info, "Pid:").and_then(|pid| pid.parse().ok());
        match pid {
            Some(pid) if self.is_member(pid) => Ok(Wait::Child { children: vec![pid] }),
            _ => Err(stranger()),
        }
    }

    /// Waits for several files at once are endless if all of them are.
    fn any_of(&mut self, task: TaskRef, files: Vec<(u64, Lack)>) -> Judgement {
        let waits = files.into_iter().map(|(descriptor, lack)| self.file(task, descriptor, lack));
        let mut waits = waits.collect::<Result<Vec<_>, _>>()?;
        match waits.len() {
            0 => self.signal(),
            1 => Ok(waits.remove(0)),
            _ => Ok(Wait::Any(waits)),
        }
    }

    /// A wait for content here or room there. A file with neither end keeps nobody waiting.
    fn carry(&mut self, task: TaskRef, from: u64, to: u64) -> Judgement {
        let never_waits = |(descriptor, _): &(u64, Lack)| {
            Opened::name(task, *descriptor).is_some_and(|name| name.starts_with('/'))
                && !fifo::is_one(task, *descriptor)
        };
        let mut files = vec![(from, Lack::Content), (to, Lack::Room)];
        files.retain(|file| !never_waits(file));
        self.any_of(task, files)
    }

    fn event_counter(&mut self, task: TaskRef, descriptor: u64, lack: Lack) -> Judgement {
        let info = format!("/proc/{}/task/{}/fdinfo/{descriptor}", task.pid, task.tid);
        let id = proc::line(&info, "eventfd-id:").ok_or("its eventfd has no number")?;
        let ends = self.holders("anon_inode:[eventfd]", |end| {
            proc::line(&end.info(), "eventfd-id:").is_none_or(|other| other == id)
        })?;
        Ok(ends.of(format!("eventfd {id}"), lack))
    }

    /// A timer that is not set; the kernel does not say which descriptors are of the same one.
    ///
    /// One that is about to ring, however late, looks as if it were not set. So that is believed
    /// only of a run that is meant to hang.
    fn timer(&mut self, task: TaskRef, descriptor: u64) -> Judgement {
        let info = format!("/proc/{}/task/{}/fdinfo/{descriptor}", task.pid, task.tid);
        let unset = [("it_value:", "(0, 0)"), ("it_interval:", "(0, 0)"), ("ticks:", "0")];
        let mut unset = unset.into_iter().map(|(what, value)| (proc::line(&info, what), value));
        let is_unset = unset.all(|(seen, value)| seen.as_deref() == Some(value));
        if !(self.shared.is_meant_to_hang() && is_unset) {
            return Err(Doubtful::clock("it waits for a timer"));
        }
        let ends = self.holders("anon_inode:[timerfd]", |_| true)?;
        Ok(ends.of("somebody to set its timer".to_owned(), Lack::Partner))
    }

    fn message_queue(&mut self, task: TaskRef, descriptor: u64, lack: Lack) -> Judgement {
        let name = Opened::name(task, descriptor).ok_or("its descriptor is gone")?;
        let ends = self.holders(&name, |_| true)?;
        if ends.holders.len() < 2 && self.has_neighbours() {
            let words = format!("another program could open the message queue {name}");
            return Err(Doubtful::outsider(words));
        }
        Ok(ends.of(format!("message queue {name}"), lack))
    }

    /// What all have open who could hold something of the run; looked at once.
    pub(crate) fn descriptors(&mut self) -> &Descriptors {
        let known = self.descriptors.take();
        let known = known.unwrap_or_else(|| Descriptors::scan(self.possible_holders()));
        self.descriptors.insert(known)
    }

    /// The processes that hold a descriptor of `name` that counts, all of them inside.
    fn holders(&mut self, name: &str, counts: impl Fn(&Opened) -> bool) -> Result<Ends, Doubtful> {
        let ends = self
            .descriptors()
            .of(name)
            .iter()
            .filter(|end| counts(end))
            .map(|end| (end.pid, end.number));
        let ends: Vec<_> = ends.collect();
        let mut holders: Vec<_> = ends.iter().map(|(pid, _)| *pid).collect();
        holders.sort_unstable();
        holders.dedup();
        self.all_inside(&holders, &format!("holds {name}"))?;
        if holders.is_empty() {
            let words = format!("nobody is seen to hold the other end of {name}");
            return Err(Doubtful::unseen(words));
        }
        Ok(Ends { holders, ends })
    }

    fn all_inside(&self, processes: &[i32], doing: &str) -> Result<(), Doubtful> {
        match processes.iter().find(|pid| !self.is_member(**pid)) {
            Some(outside) => {
                let words = format!("process {outside}, outside the run, {doing}");
                Err(Doubtful::outsider(words))
            }
            None => Ok(()),
        }
    }
}

fn doubt_about(number: i64) -> Doubtful {
    match number {
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => Doubtful::nap(),
        arch::POLL
        | libc::SYS_ppoll
        | arch::SELECT
        | libc::SYS_pselect6
        | arch::EPOLL_WAIT
        | libc::SYS_epoll_pwait
        | libc::SYS_epoll_pwait2
        | libc::SYS_recvmmsg
        | libc::SYS_rt_sigtimedwait
        | libc::SYS_futex_waitv
        | libc::SYS_semtimedop
        | libc::SYS_mq_timedreceive
        | libc::SYS_mq_timedsend => bounded(),
        other => Doubtful::unseen(format!("it is in system call {other}")),
    }
}

/// A wait that time ends.
pub(crate) fn bounded() -> Doubtful {
    Doubtful::clock("its wait is bounded in time")
}

fn stranger() -> Doubtful {
    Doubtful::outsider("it waits for a process outside the run")
}

/// Whether a descriptor is one of a POSIX message queue, which its name does not tell.
fn is_message_queue(task: TaskRef, descriptor: u64) -> bool {
    const MQUEUE_MAGIC: FsType = FsType(0x1980_0202);
    let path = format!("/proc/{}/task/{}/fd/{descriptor}", task.pid, task.tid);
    statfs(path.as_str()).is_ok_and(|about| about.filesystem_type() == MQUEUE_MAGIC)
}

fn other_end(lack: Lack, mode: Mode) -> bool {
    match lack {
        Lack::Room => mode.reads(),
        Lack::Content | Lack::Lock | Lack::Partner | Lack::Units => mode.writes(),
    }
}

/// The number in a kernel name such as `pipe:[4711]`.
fn numbered<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    name.strip_prefix(prefix)?.strip_suffix(']')
}
