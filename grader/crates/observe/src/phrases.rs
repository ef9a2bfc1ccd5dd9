//! What tasks wait for, and what they are called, in the words that a student reads.

use observation::{ProcessId, ThreadId};

use crate::family::{Family, TaskRef};
use crate::graph::{Scene, Waiting};
use crate::primitive::Primitive;
use crate::proc;
use crate::waits::{Lack, Wait};

impl Scene<'_> {
    /// What the task at a position waits for.
    pub(crate) fn awaited(&self, index: usize) -> String {
        let one = &self.waiting[index];
        match (one.primitive, self.channels.find(index).and_then(|one| one.own_end.as_ref())) {
            (Some(Primitive::Receive), Some(end)) => format!("a message for {end}"),
            (Some(Primitive::Send), Some(end)) => format!("room for what {end} sends"),
            _ => self.in_words(index, one.wait),
        }
    }

    fn in_words(&self, index: usize, wait: &Wait) -> String {
        match wait {
            Wait::Child { children } => match children.as_slice() {
                [child] => format!("{} to end", process_name(self.family, *child)),
                _ => "a child to end".to_owned(),
            },
            Wait::Object { name, lack, .. } => match lack {
                Lack::Content => format!("something in {name}"),
                Lack::Room => format!("room in {name}"),
                Lack::Lock | Lack::Partner | Lack::Units => name.clone(),
            },
            Wait::Signal => "a signal".to_owned(),
            Wait::Any(waits) => {
                let words: Vec<_> = waits.iter().map(|wait| self.in_words(index, wait)).collect();
                words.join(" or ")
            }
            Wait::Futex { address, sharers } => match self.joined(index, *address) {
                Some(thread) => format!("{} to end", task_name(self.family, thread)),
                None => self.change(index, *address, sharers.len() > 1),
            },
        }
    }

    /// A wait for a word in memory to change.
    fn change(&self, index: usize, address: u64, shared: bool) -> String {
        let one = &self.waiting[index];
        let name = self.locks.name_of(one);
        match (self.locks.means(one), name) {
            (Some(Primitive::Mutex), Some(name)) => format!("Mutex {name}{}", self.unheld(one)),
            (Some(Primitive::RwLock), Some(name)) => format!("RwLock {name}{}", self.unheld(one)),
            (Some(Primitive::Condvar), Some(name)) => format!("a notification of Condvar {name}"),
            (Some(Primitive::Barrier), Some(name)) => format!("the others at Barrier {name}"),
            (Some(Primitive::Semaphore), Some(name)) => format!("semaphore {name}"),
            (Some(Primitive::Once), Some(name)) => {
                format!("the initialisation of {name} to finish")
            }
            (Some(primitive), _) => format!("{}{}", primitive.words(), self.unheld(one)),
            (None, Some(name)) => format!("a change of {name}"),
            (None, None) if shared => {
                format!("a semaphore or lock in shared memory, at {address:#x}")
            }
            (None, None) => format!("a change of the word at {address:#x}"),
        }
    }

    /// What is to be said of a lock that no thread of a process is seen to hold, although
    /// the variables of all of them have been looked at.
    fn unheld(&self, one: &Waiting<'_>) -> &'static str {
        let pid = one.task.pid;
        let held = self.locks.holders(one).is_none_or(|holders| !holders.is_empty());
        let seen = self.waiting.iter().filter(|other| other.task.pid == pid).count();
        let there_are = self.family.roll().iter().filter(|other| other.pid == pid).count();
        let known = (0..self.waiting.len()).any(|index| {
            self.waiting[index].task.pid == pid && self.variables.in_scope(index).next().is_some()
        });
        let all_wait = self.waiting.len() >= self.family.roll().len();
        if all_wait && self.locks.is_held_elsewhere(one) {
            ", whose holder has ended"
        } else if held || seen < there_are || !known {
            ""
        } else if self.family.is_a_copy(pid) {
            ", which none of its threads is seen to hold: was it locked when the process was forked?"
        } else {
            ", which no thread is seen to hold"
        }
    }
}

/// How a person calls a task: `main`, `worker-1`, `process 3 (main)`, `process 4 (cat)`.
pub(crate) fn task_name(family: &Family, task: TaskRef) -> String {
    let TaskRef { pid, tid, .. } = task;
    let own = match family.identity(tid).1 {
        None => family.executed_by(pid).unwrap_or("main").to_owned(),
        Some(ThreadId(number)) => match proc::name(tid) {
            // A thread without a name of its own carries that of its program.
            name if name.is_empty() || name == proc::name(pid) => format!("thread {number}"),
            name => name,
        },
    };
    if family.roll().iter().all(|other| other.pid == pid) {
        own
    } else {
        format!("{} ({own})", process_name(family, pid))
    }
}

fn process_name(family: &Family, pid: i32) -> String {
    match family.identity(pid).0 {
        Some(ProcessId(number)) => format!("process {number}"),
        None => format!("process {pid}"),
    }
}

/// By what the process `pid` could end a wait, to be said of it after `has`.
pub(crate) fn means(wait: &Wait, pid: i32) -> String {
    let Wait::Object { name, lack, ends, .. } = wait else {
        return "the same memory".to_owned();
    };
    let one_way = name.starts_with("pipe") || name.starts_with("FIFO");
    let end = match lack {
        Lack::Units => return "changed it last".to_owned(),
        _ if ends.is_empty() => return "the same object".to_owned(),
        Lack::Content if one_way => format!("the write end of {name}"),
        Lack::Room if one_way => format!("the read end of {name}"),
        _ if name.starts_with("Unix socket") => format!("the other end of {name}"),
        _ => name.clone(),
    };
    let descriptors = ends.iter().filter(|(holder, _)| *holder == pid);
    let descriptors: Vec<_> = descriptors.map(|(_, number)| number.to_string()).collect();
    format!("{end} open (descriptor {})", descriptors.join(", "))
}
