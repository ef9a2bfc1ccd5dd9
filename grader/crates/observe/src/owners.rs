//! Which variable of a program is the lock at an address, which is a guard of it, and
//! which is an end of a channel.

use std::collections::HashSet;

use observation::Place;

use crate::debug_info::{DebugInfo, Kind, Member, Shape, Variable};
use crate::memory;
use crate::primitive::Primitive;

/// How a variable leads to a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is the lock, owns it, points to it, or a part of it does: `left`, `forks[2]`.
    Lock {
        /// What a person would write.
        path: String,
        /// What its type makes of it.
        by_type: Option<Primitive>,
    },
    /// It is a guard of the lock, or has one in it.
    Guard,
    /// It is an end of a channel, owns one, or leads to one.
    End {
        /// What a person would write.
        path: String,
        /// Where it lies.
        at: u64,
        /// Which end.
        role: Role,
        /// How many senders the channel has.
        senders: Option<u64>,
    },
}

/// An end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Sender,
    Receiver,
}

/// A channel that somebody waits for.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The module of the standard library that has its type.
    pub(crate) flavor: &'a str,
    /// Addresses of which one is its own.
    pub(crate) addresses: &'a HashSet<u64>,
}

/// What is looked for.
#[derive(Clone, Copy)]
enum Goal<'a> {
    /// A lock, or a guard of it, by an address in the lock.
    Word(u64),
    /// An end of a channel.
    Channel(Target<'a>),
}

/// How `variable` of process `pid` leads to the lock that has `word` in it, if it does.
pub(crate) fn way(info: &DebugInfo, pid: i32, variable: &Variable, word: u64) -> Option<Way> {
    let mut search = Search { info, pid, goal: Goal::Word(word), seen: HashSet::new() };
    search.visit(variable.kind, variable.address, &variable.name, HOPS)
}

/// How it leads to an end of a channel, if it does.
pub(crate) fn way_to_channel(
    info: &DebugInfo,
    pid: i32,
    variable: &Variable,
    target: Target<'_>,
) -> Option<Way> {
    let mut search = Search { info, pid, goal: Goal::Channel(target), seen: HashSet::new() };
    search.visit(variable.kind, variable.address, &variable.name, HOPS)
}

/// A lock as the program calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// What a person would write.
    pub(crate) path: String,
    /// What its type makes of it.
    pub(crate) by_type: Option<Primitive>,
    /// Where the variable is declared that it begins with.
    pub(crate) place: Place,
    /// How sure it is that the lock is made there: the lowest is best.
    pub(crate) rank: Rank,
}

/// What stands at the beginning of the name of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// A static variable.
    Static,
    /// A variable that owns the lock and nothing else.
    Owner,
    /// A variable that has it in a part of it, or refers to it.
    Whole,
    /// Something passed in by a caller.
    Parameter,
}

impl Name {
    pub(crate) fn of(
        info: &DebugInfo,
        variable: &Variable,
        path: String,
        by_type: Option<Primitive>,
    ) -> Self {
        let borrowed = matches!(&*info.shape(variable.kind), Shape::Pointer(_));
        let rank = match () {
            () if variable.is_parameter || variable.name == "self" => Rank::Parameter,
            () if path == variable.name && !borrowed => Rank::Owner,
            () => Rank::Whole,
        };
        Self { path, by_type, place: variable.place.clone(), rank }
    }

    /// `left made at lib.rs:13`.
    pub(crate) fn words(&self) -> String {
        let Self { path, place, rank, .. } = self;
        match rank {
            Rank::Static | Rank::Owner => format!("{path} made at {place}"),
            Rank::Whole | Rank::Parameter => {
                let first = path.split(['.', '[']).next().unwrap_or(path);
                format!("{path} ({first} of {place})")
            }
        }
    }
}

/// How many pointers are followed, and how many values looked at.
const HOPS: u8 = 5;
const VALUES: usize = 4_000;
/// How many items of a list are looked at.
const ITEMS: u64 = 64;

struct Search<'a> {
    info: &'a DebugInfo,
    pid: i32,
    goal: Goal<'a>,
    seen: HashSet<(u64, Kind)>,
}

impl Search<'_> {
    fn visit(&mut self, kind: Kind, at: u64, path: &str, hops: u8) -> Option<Way> {
        if self.seen.len() >= VALUES || !self.seen.insert((at, kind)) {
            return None;
        }
        match &*self.info.shape(kind) {
            Shape::Pointer(to) => {
                let next = memory::word(self.pid, at).filter(|next| *next != 0)?;
                self.visit(*to, next, path, hops.checked_sub(1)?)
            }
            Shape::Array(item, count) => self.list(*item, at, *count, path, hops),
            Shape::Struct { name, size, members, item } => {
                let base = name.split('<').next().unwrap_or(name);
                let here = self.is_within(at, *size);
                let lock = |by_type| Some(Way::Lock { path: path.to_owned(), by_type });
                match base {
                    _ if base.ends_with("Guard") => self.guards(members, at).then_some(Way::Guard),
                    "Sender" | "SyncSender" | "Receiver" => self.end(base, members, at, path),
                    "Mutex" | "RwLock" if here && self.is_in("inner", members, at) => lock(None),
                    "OnceLock" | "LazyLock" if here && self.is_in("once", members, at) => {
                        lock(Some(Primitive::Once))
                    }
                    "Condvar" | "Barrier" | "Once" | "Atomic" | "AtomicU32" | "AtomicI32"
                        if here =>
                    {
                        lock(None)
                    }
                    "sem_t" if here => lock(Some(Primitive::Semaphore)),
                    "pthread_mutex_t" if here => lock(Some(Primitive::Mutex)),
                    "pthread_rwlock_t" if here => lock(Some(Primitive::RwLock)),
                    "pthread_cond_t" if here => lock(Some(Primitive::Condvar)),
                    "pthread_barrier_t" if here => lock(Some(Primitive::Barrier)),
                    "Vec" => {
                        let start = self.first_pointer(members, at)?;
                        let length = members.iter().find(|member| member.name == "len")?;
                        let length = memory::word(self.pid, at.wrapping_add(length.offset))?;
                        self.list((*item)?, start, length, path, hops.checked_sub(1)?)
                    }
                    _ => self.members(base, members, at, path, hops),
                }
            }
            Shape::Plain(_) => None,
        }
    }

    fn members(
        &mut self,
        of: &str,
        members: &[Member],
        at: u64,
        path: &str,
        hops: u8,
    ) -> Option<Way> {
        if let [data, length] = members
            && (data.name.as_str(), length.name.as_str()) == ("data_ptr", "length")
            && let Shape::Pointer(item) = &*self.info.shape(data.kind)
        {
            let start = memory::word(self.pid, at.wrapping_add(data.offset))?;
            let length = memory::word(self.pid, at.wrapping_add(length.offset))?;
            return self.list(*item, start, length, path, hops.checked_sub(1)?);
        }
        members.iter().find_map(|member| {
            let path = match member.name.as_str() {
                "" => path.to_owned(),
                _ if is_wrapper(of) => path.to_owned(),
                name if of.starts_with("{closure_env") => name.to_owned(),
                name => format!("{path}.{}", name.trim_start_matches("__")),
            };
            self.visit(member.kind, at.wrapping_add(member.offset), &path, hops)
        })
    }

    fn list(&mut self, item: Kind, at: u64, count: u64, path: &str, hops: u8) -> Option<Way> {
        let size = self.info.size(item);
        (0..count.min(ITEMS)).find_map(|index| {
            self.visit(
                item,
                at.wrapping_add(index.wrapping_mul(size)),
                &format!("{path}[{index}]"),
                hops,
            )
        })
    }

    /// Whether the word lies in `size` bytes at an address.
    fn is_within(&self, at: u64, size: u64) -> bool {
        matches!(self.goal, Goal::Word(word) if (at..at.saturating_add(size)).contains(&word))
    }

    /// Whether the word lies in the member of that name.
    fn is_in(&self, name: &str, members: &[Member], at: u64) -> bool {
        members.iter().filter(|member| member.name == name).any(|member| {
            self.is_within(at.wrapping_add(member.offset), self.info.size(member.kind))
        })
    }

    /// An end of the channel that is looked for.
    fn end(&self, base: &str, members: &[Member], at: u64, path: &str) -> Option<Way> {
        let Goal::Channel(Target { flavor, addresses }) = self.goal else { return None };
        let prefix = format!("Counter<std::sync::mpmc::{flavor}::Channel");
        let role = if base == "Receiver" { Role::Receiver } else { Role::Sender };
        let senders = self.counters(members, at, HOPS).into_iter().find_map(|(at, kind)| {
            let shape = self.info.shape(kind);
            let Shape::Struct { name, members, .. } = &*shape else { return None };
            if !name.starts_with(&prefix) {
                return None;
            }
            let offset = |name| members.iter().find(|one| one.name == name).map(|one| one.offset);
            let channel = at.wrapping_add(offset("chan")?);
            let senders = memory::word(self.pid, at.wrapping_add(offset("senders")?));
            addresses.contains(&channel).then_some(senders)
        })?;
        Some(Way::End { path: path.to_owned(), at, role, senders })
    }

    /// What the two ends of a channel share: one address, and a type for each kind of
    /// channel that it may be.
    fn counters(&self, members: &[Member], at: u64, depth: u8) -> Vec<(u64, Kind)> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        let mut found = Vec::new();
        for member in members {
            let at = at.wrapping_add(member.offset);
            match &*self.info.shape(member.kind) {
                Shape::Pointer(to) if member.name == "counter" => {
                    found.extend(memory::word(self.pid, at).map(|counter| (counter, *to)));
                }
                Shape::Struct { members, .. } => found.extend(self.counters(members, at, depth)),
                Shape::Pointer(_) | Shape::Array(..) | Shape::Plain(_) => {}
            }
        }
        found
    }

    /// Whether a guard with these members is one of the lock.
    fn guards(&self, members: &[Member], at: u64) -> bool {
        members.iter().any(|member| {
            let Some((pointer, to)) = self.pointer(member.kind, at.wrapping_add(member.offset))
            else {
                return false;
            };
            match &*self.info.shape(to) {
                Shape::Struct { name, members, .. }
                    if name.starts_with("Mutex<") || name.starts_with("RwLock<") =>
                {
                    self.is_in("inner", members, pointer)
                }
                // The inside of a lock, which some guards refer to.
                Shape::Struct { name, size, .. } if name == "RwLock" || name == "Mutex" => {
                    self.is_within(pointer, *size)
                }
                _ => false,
            }
        })
    }

    /// The pointer that a value is, or is wrapped round, and what it points to.
    fn pointer(&self, kind: Kind, at: u64) -> Option<(u64, Kind)> {
        match &*self.info.shape(kind) {
            Shape::Pointer(to) => Some((memory::word(self.pid, at)?, *to)),
            Shape::Struct { members, .. } => {
                members.iter().find_map(|one| self.pointer(one.kind, at.wrapping_add(one.offset)))
            }
            Shape::Array(..) | Shape::Plain(_) => None,
        }
    }

    fn first_pointer(&self, members: &[Member], at: u64) -> Option<u64> {
        let found =
            members.iter().find_map(|one| self.pointer(one.kind, at.wrapping_add(one.offset)));
        found.map(|(pointer, _)| pointer)
    }
}

/// Types of the standard library through which a person sees their content.
fn is_wrapper(name: &str) -> bool {
    const WRAPPERS: [&str; 27] = [
        "Arc",
        "ArcInner",
        "Rc",
        "RcInner",
        "RcBox",
        "Box",
        "Pin",
        "NonNull",
        "Unique",
        "UnsafeCell",
        "SyncUnsafeCell",
        "Cell",
        "RefCell",
        "ManuallyDrop",
        "MaybeUninit",
        "MaybeDangling",
        "CachePadded",
        "Option",
        "Some",
        "Result",
        "Ok",
        "LazyLock",
        "OnceLock",
        "Data",
        "Cow",
        "Mutex",
        "RwLock",
    ];
    WRAPPERS.contains(&name)
}
