//! The variables of all waiting tasks, read once.

use std::ops::Range;
use std::rc::Rc;

use crate::debug_info::{DebugInfo, Variable};
use crate::graph::{Sight, Waiting};

/// The program's own variables, by the position of their task.
#[derive(Default)]
pub(crate) struct Variables(Vec<Vec<Seen>>);

/// A variable of one call.
pub(crate) struct Seen {
    /// What tells its type.
    pub(crate) info: Rc<DebugInfo>,
    /// Itself.
    pub(crate) variable: Variable,
    /// How many calls were made from the one that it belongs to.
    pub(crate) depth: usize,
    /// Where that call executes.
    pub(crate) address: u64,
}

impl Variables {
    /// Those of all frames, if any task waits for something that may have a name: to read
    /// them is dear.
    pub(crate) fn of(waiting: &[Waiting<'_>], sight: &mut Sight) -> Self {
        if !waiting.iter().any(Waiting::may_have_a_name) {
            return Self::default();
        }
        let of_task = |one: &Waiting<'_>| {
            let Some(symbols) = sight.symbols(one.task.pid) else { return Vec::new() };
            let mut all = Vec::new();
            for (depth, frame) in one.stack.frames.iter().enumerate() {
                let Some((info, variables)) = symbols.variables(frame) else { continue };
                let address = frame.address;
                let seen = |variable| Seen { info: info.clone(), variable, depth, address };
                all.extend(variables.into_iter().map(seen));
            }
            all
        };
        Self(waiting.iter().map(of_task).collect())
    }

    /// Those of a task that are in scope.
    pub(crate) fn in_scope(&self, task: usize) -> impl Iterator<Item = &Seen> {
        let all = self.0.get(task).into_iter().flatten();
        all.filter(|seen| seen.variable.scope.is_some())
    }

    /// Where on the stack of a task nothing is kept any more, or not yet.
    pub(crate) fn out_of_scope(&self, task: usize) -> impl Iterator<Item = Range<u64>> + '_ {
        let all = self.0.get(task).into_iter().flatten();
        let gone = all.filter(|seen| seen.variable.scope.is_none());
        gone.map(|Seen { info, variable, .. }| {
            variable.address..variable.address.saturating_add(info.size(variable.kind))
        })
    }
}
