//! The locks that tasks wait for: what the program calls them, and who holds them.
//!
//! A lock of the standard library does not say who holds it; its guards do. A guard is a
//! variable of the task that took it, and debug information tells which variables are in
//! scope and which of them are guards of this lock. Without that, a guard is found on
//! the stack by its looks, and the answer is said to be less than sure. A lock of the C
//! library says itself who holds it.

use std::cmp::Reverse;

use observation::Place;

use crate::family::TaskRef;
use crate::graph::{Sight, Waiting};
use crate::memory;
use crate::owners::{self, Name, Rank, Way};
use crate::primitive::Primitive;
use crate::proc;
use crate::variables::{Seen, Variables};
use crate::waits::Wait;

/// The locks and conditions that tasks wait for, in a fixed order.
pub(crate) struct Locks(Vec<Lock>);

struct Lock {
    pid: i32,
    /// The word in it that is waited for.
    word: u64,
    /// The order among the locks without a name; none for conditions.
    letter: Option<char>,
    name: Option<Name>,
    /// What its type makes of it.
    by_type: Option<Primitive>,
    holders: Holders,
}

/// Who is found to hold a lock.
enum Holders {
    Found(Vec<Holder>),
    /// It names somebody who is not waiting, and perhaps not there any more.
    Elsewhere,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its position among the waiting tasks.
    pub(crate) task: usize,
    /// Where its guard is declared.
    pub(crate) since: Option<Place>,
    /// Whether nobody else can be the one.
    pub(crate) is_sure: bool,
}

impl Locks {
    pub(crate) fn of(waiting: &[Waiting<'_>], variables: &Variables, sight: &mut Sight) -> Self {
        let mut locks = Vec::<Lock>::new();
        let mut letters = ('A'..='Z').cycle();
        for one in waiting {
            let Some(word) = named_word(one) else { continue };
            let pid = one.task.pid;
            if locks.iter().any(|lock| (lock.pid, lock.word) == (pid, word)) {
                continue;
            }
            let search = Search { pid, word, waiting, variables };
            let (name, guards) = search.variables(sight);
            let letter = one.lock().and_then(|_| letters.next());
            let holders = match one.lock() {
                Some(_) => search.holders(one, &guards),
                None => Holders::Found(Vec::new()),
            };
            let by_type = name.as_ref().and_then(|name| name.by_type);
            locks.push(Lock { pid, word, letter, name, by_type, holders });
        }
        Self(locks)
    }

    /// What a person would call that for which a task waits.
    pub(crate) fn name_of(&self, waiting: &Waiting<'_>) -> Option<String> {
        let lock = self.find(waiting, named_word(waiting)?)?;
        let name = lock.name.as_ref().map(Name::words);
        name.or_else(|| lock.letter.map(String::from))
    }

    /// By what a task waits: as its calls tell, or the type of that for which it waits.
    pub(crate) fn means(&self, waiting: &Waiting<'_>) -> Option<Primitive> {
        let by_type = || self.find(waiting, named_word(waiting)?)?.by_type;
        waiting.primitive.or_else(by_type)
    }

    /// Who holds the lock for which a task waits, if it is one.
    pub(crate) fn holders(&self, waiting: &Waiting<'_>) -> Option<&[Holder]> {
        match &self.find(waiting, waiting.lock()?)?.holders {
            Holders::Found(holders) => Some(holders),
            Holders::Elsewhere => Some(&[]),
        }
    }

    /// Whether a task waits for a lock that names somebody who does not wait.
    pub(crate) fn is_held_elsewhere(&self, waiting: &Waiting<'_>) -> bool {
        let lock = waiting.lock().and_then(|word| self.find(waiting, word));
        lock.is_some_and(|lock| matches!(lock.holders, Holders::Elsewhere))
    }

    fn find(&self, waiting: &Waiting<'_>, word: u64) -> Option<&Lock> {
        self.0.iter().find(|lock| (lock.pid, lock.word) == (waiting.task.pid, word))
    }
}

/// The word that a task waits for, if it is in something that a program gives a name to.
fn named_word(waiting: &Waiting<'_>) -> Option<u64> {
    use Primitive::{Barrier, Condvar, Mutex, Once, RwLock, Semaphore};
    match (waiting.wait, waiting.primitive) {
        (
            Wait::Futex { address, .. },
            None | Some(Barrier | Condvar | Mutex | Once | RwLock | Semaphore),
        ) => Some(*address),
        _ => None,
    }
}

struct Search<'a> {
    pid: i32,
    word: u64,
    waiting: &'a [Waiting<'a>],
    variables: &'a Variables,
}

/// A guard in a variable.
struct Guard {
    task: usize,
    /// Where it is declared.
    place: Place,
    /// Whether it may have been dropped since.
    may_be_gone: bool,
}

impl Search<'_> {
    /// The best name of the lock, and the guards of it among the variables in scope.
    fn variables(&self, sight: &mut Sight) -> (Option<Name>, Vec<Guard>) {
        let Some(symbols) = sight.symbols(self.pid) else { return (None, Vec::new()) };
        let (mut names, mut guards) = (Vec::new(), Vec::new());
        if let Some((info, variable)) = symbols.static_at(self.word) {
            let (path, by_type) = match owners::way(&info, self.pid, &variable, self.word) {
                Some(Way::Lock { path, by_type }) => (path, by_type),
                _ => (variable.name.clone(), None),
            };
            let name = Name { path, by_type, place: variable.place, rank: Rank::Static };
            names.push((name.rank, Reverse(usize::MAX), 0, name));
        }
        for (index, one) in self.tasks() {
            for Seen { info, variable, depth, address } in self.variables.in_scope(index) {
                match owners::way(info, self.pid, variable, self.word) {
                    Some(Way::Guard) => {
                        let scope = variable.scope.unwrap_or(*address);
                        let may_be_gone = symbols.drops_between(scope, *address);
                        let place = variable.place.clone();
                        guards.push(Guard { task: index, place, may_be_gone });
                    }
                    Some(Way::Lock { path, by_type }) => {
                        let name = Name::of(info, variable, path, by_type);
                        // The first task and its outermost call are where most things
                        // are made, and later lines make clones of them.
                        let outer = depth + usize::from(one.thread.is_none()) * 1_000;
                        names.push((name.rank, Reverse(outer), name.place.line, name));
                    }
                    Some(Way::End { .. }) | None => {}
                }
            }
        }
        let best = names.into_iter().min_by_key(|(rank, outer, line, _)| (*rank, *outer, *line));
        (best.map(|(.., name)| name), guards)
    }

    /// Who holds the lock for which `one` waits.
    fn holders(&self, one: &Waiting<'_>, guards: &[Guard]) -> Holders {
        if let Some(owner) = self.owner(one) {
            let holder = |task| vec![Holder { task, since: None, is_sure: true }];
            return self
                .numbered(owner)
                .map_or(Holders::Elsewhere, |task| Holders::Found(holder(task)));
        }
        let of = |task| guards.iter().rev().filter(move |guard| guard.task == task);
        let firm = |task| of(task).find(|guard| !guard.may_be_gone);
        let since = |task| firm(task).or_else(|| of(task).next()).map(|guard| &guard.place);
        let held = |task: usize| !self.has_let_go(task);
        let firmly = self.apart(|task| firm(task).is_some() && held(task));
        let declared = self.apart(|task| since(task).is_some() && held(task));
        let looks = self.apart(|task| self.shows_guard(task));
        let shared = one.primitive == Some(Primitive::RwLock);
        let found = [&firmly, &declared, &looks].into_iter().find(|found| !found.is_empty());
        // One alone has a Mutex: of several who seem to, all or all but one did.
        let found = found.filter(|found| shared || found.len() == 1);
        let found = found.map_or(&[][..], Vec::as_slice);
        let is_sure = !firmly.is_empty();
        let holder = |task: &usize| Holder { task: *task, since: since(*task).cloned(), is_sure };
        Holders::Found(found.iter().map(holder).collect())
    }

    /// Those for whom `holds` is true. Somebody who also waits for the lock has it only if
    /// nobody else has.
    fn apart(&self, holds: impl Fn(usize) -> bool) -> Vec<usize> {
        let found = self.tasks().map(|(index, _)| index).filter(|index| holds(*index));
        let (waiters, others): (Vec<_>, Vec<_>) =
            found.partition(|index| self.waiting[*index].lock() == Some(self.word));
        if others.is_empty() { waiters } else { others }
    }

    /// The thread that a mutex or a lock of the C library names as its owner, by its number in the
    /// program's own namespace.
    fn owner(&self, one: &Waiting<'_>) -> Option<i32> {
        let called = |name: &str| one.calls.iter().any(|call| call.function.contains(name));
        let offset = if called("pthread_mutex_lock") {
            8
        } else if called("pthread_rwlock") {
            // From either word that is waited for, `readers` + 8 or + 12, to `cur_writer`.
            let aligned = self.word & !7;
            aligned + 16 - self.word
        } else {
            return None;
        };
        let owner = memory::read(self.pid, self.word.wrapping_add(offset), 4)?;
        Some(i32::from_ne_bytes(owner.try_into().ok()?)).filter(|&owner| owner != 0)
    }

    /// The waiting task with this number in its own namespace, of whichever process: a lock may lie
    /// in memory that several share.
    fn numbered(&self, number: i32) -> Option<usize> {
        self.waiting.iter().position(|one| {
            let TaskRef { pid, tid, .. } = one.task;
            proc::status_of(pid, tid).is_some_and(|status| status.inner == number)
        })
    }

    /// Whether a guard seems to lie on the stack of a task: a reference to the lock,
    /// followed by whether the thread was panicking. What a variable held that is not in
    /// scope is none.
    fn shows_guard(&self, task: usize) -> bool {
        let Waiting { stack, own_stack, .. } = &self.waiting[task];
        let mut places = stack.places_of(self.word, *own_stack);
        let is_guard = |at: u64| {
            let panicking = stack.word(at.wrapping_add(8));
            panicking.is_some_and(|next| next.to_le_bytes()[0] <= 1)
                && !self.variables.out_of_scope(task).any(|gone| gone.contains(&at))
        };
        !self.has_let_go(task) && places.any(is_guard)
    }

    /// Whether a task has given the lock back while it waits for a condition: the wait was
    /// given the guard, and refers to the lock.
    fn has_let_go(&self, task: usize) -> bool {
        let Waiting { stack, own_stack, primitive, .. } = &self.waiting[task];
        let waits = matches!(primitive, Some(Primitive::Condvar | Primitive::Barrier));
        waits && stack.places_of(self.word, 0).any(|at| at < *own_stack)
    }

    fn tasks(&self) -> impl Iterator<Item = (usize, &Waiting<'_>)> {
        self.waiting.iter().enumerate().filter(|(_, one)| one.task.pid == self.pid)
    }
}
