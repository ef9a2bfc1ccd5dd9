//! Proves that a running task will run for ever and never do anything else.
//!
//! While all other tasks are held still, the task is stepped through its loop. If all
//! its registers and all memory that it could have written are once again as they
//! were, and on the way it neither asked the system for anything nor looked at a clock,
//! then it will go round for ever: nothing that it reads can change, for everybody
//! else waits. A computation that merely takes long changes something on each round.

use std::hash::{DefaultHasher, Hasher};

use jail::Pid;

use crate::arch::{self, Registers};
use crate::hold::Held;
use crate::mappings::{self, Mapping};
use crate::memory;
use crate::tracer::Tracer;

/// The longest round that is followed, in instructions.
const ROUND: usize = 4_000;
/// The most memory that is compared.
const MEMORY: u64 = 128 << 20;

impl Tracer<'_> {
    /// Whether the held task `tid` of process `pid` goes round for ever.
    ///
    /// A task that is about to make a system call is not stepped: it could block in it,
    /// while those that would wake it are held.
    pub(crate) fn goes_round(&self, pid: i32, tid: i32, held: &mut Held) -> bool {
        let mut walk = Walk { tracer: self, pid, task: Pid::from_raw(tid), held };
        walk.prove().is_some()
    }
}

/// A held task that is stepped along.
struct Walk<'a, 'b> {
    tracer: &'a Tracer<'b>,
    pid: i32,
    task: Pid,
    held: &'a mut Held,
}

impl Walk<'_, '_> {
    /// Two rounds: the first finds how long one is, the second shows that memory does not
    /// change on it.
    fn prove(&mut self) -> Option<()> {
        let mappings = mappings::all(self.pid);
        let start = Registers::of(self.task)?;
        if !start.are_native() || start.calls_first(self.task.as_raw()) {
            return None;
        }
        let length = (1..=ROUND).find_map(|steps| match self.step(&mappings) {
            Some(now) if arch::same(&start, &now) => Some(Some(steps)),
            Some(_) => None,
            None => Some(None),
        })??;
        let (floats, before) = (arch::floats(self.task)?, fingerprint(self.pid, &mappings)?);
        let mut now = start;
        for _ in 0..length {
            now = self.step(&mappings)?;
        }
        let again = arch::same(&start, &now) && arch::floats(self.task)? == floats;
        (again && fingerprint(self.pid, &mappings)? == before).then_some(())
    }

    /// Executes one instruction, unless it could bring in something new.
    fn step(&mut self, mappings: &[Mapping]) -> Option<Registers> {
        let at = Registers::of(self.task)?;
        let code = memory::read_some(self.pid, at.pc(), 15);
        let mapping = mappings.iter().find(|mapping| mapping.range.contains(&at.pc()))?;
        if mapping.path == "[vdso]" || !arch::is_closed(&code, at.next_call()) {
            return None;
        }
        self.tracer.step(self.task, self.held)?;
        Registers::of(self.task)
    }
}

/// Of all memory that the process can write.
fn fingerprint(pid: i32, mappings: &[Mapping]) -> Option<u64> {
    let writable: Vec<_> = mappings.iter().filter(|mapping| mapping.writable).collect();
    let total: u64 = writable.iter().map(|one| one.range.end - one.range.start).sum();
    if total > MEMORY {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    for mapping in writable {
        let length = usize::try_from(mapping.range.end - mapping.range.start).ok()?;
        hasher.write(&memory::read_some(pid, mapping.range.start, length));
    }
    Some(hasher.finish())
}
