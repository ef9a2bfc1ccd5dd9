//! A last look at threads that wait when their process ends by itself.

use std::time::{Duration, Instant};

use jail::Pid;
use observation::{Diagnosis, WaitFor};

use crate::arch::Registers;
use crate::exam::Examined;
use crate::shared::State;
use crate::tracer::{self, Next, Tracer};
use crate::{graph, memory, proc, proof};

impl Tracer<'_> {
    /// Notes a thread that its process takes with it, by an ordinary exit, in the middle of
    /// a wait. True if it is to be kept until all threads have been noted.
    pub(crate) fn note_waiting(&self, state: &State, pid: Pid) -> bool {
        if self.shared.diagnosis == Diagnosis::Verdict {
            return false;
        }
        // The low bits are the signal that ended it.
        let by_exit = tracer::message(pid).is_some_and(|code| code & 0x7f == 0);
        let Some(registers) = Registers::of(pid).filter(|_| by_exit) else { return false };
        let call = registers.broken_off(pid.as_raw());
        let waits = call.is_some_and(|call| call.number == libc::SYS_futex);
        let waits = waits && self.others_exit(state, pid.as_raw());
        if waits {
            self.dying.borrow_mut().insert(pid.as_raw(), registers);
        }
        waits
    }

    /// Whether no other thread of the first process executes a program. That, too, ends all
    /// others as if by an ordinary exit, and waits for each of them: none may be kept then.
    fn others_exit(&self, state: &State, tid: i32) -> bool {
        // A thread that has been told to end may have to wait for a processor.
        const PATIENCE: Duration = Duration::from_secs(1);
        let until = Instant::now() + PATIENCE;
        let others = state.family.roll().into_iter();
        let mut others = others.filter(|other| other.pid == self.root && other.tid != tid);
        others.all(|other| {
            // Whoever is on its way will soon be held by us, or wait.
            let call = loop {
                let call = proc::call(other.pid, other.tid);
                if call.is_some() || proc::state(other.tid) != Some('R') {
                    break Some(call.map(|call| call.number));
                }
                if Instant::now() >= until {
                    break None;
                }
                std::thread::yield_now();
            };
            !matches!(call, None | Some(Some(libc::SYS_execve | libc::SYS_execveat)))
        })
    }

    /// Whether threads of the first process waited for each other for ever when it ended.
    pub(crate) fn look_back(&self, state: &State) -> Option<WaitFor> {
        let dying = self.dying.take();
        let tasks: Vec<_> = dying.keys().map(|tid| Pid::from_raw(*tid)).collect();
        let examined = Examined::of(dying);
        // Somebody waits for a lock: else there can be no circle, and nothing is to be read.
        let locked = tasks.iter().any(|task| {
            let call = examined.interrupted_call(task.as_raw());
            let word = call.and_then(|call| memory::read(task.as_raw(), call.args[0], 4));
            let word = word.and_then(|word| word.try_into().ok()).map_or(0, u32::from_ne_bytes);
            word == 2 || word >> 30 != 0
        });
        let graph = locked.then(|| {
            let stuck = proof::asleep(&state.family, &examined, self.shared);
            graph::wait_for(&state.family, &examined, &stuck)
        });
        tasks.into_iter().for_each(|task| self.take(task, Next::Run { signal: 0 }));
        graph.filter(|graph| graph.circle().is_some())
    }
}
