//! What the tasks of a run used, and the facts about them once it is over.

use jail::trace::Usage;
use observation::{Process, Resources, Thread};

use super::{Family, Used};

impl Family {
    /// What the whole run used: a process that was reaped counts in its parent.
    pub(crate) fn usage(&self) -> Usage {
        let all = self.with_children();
        let mut total = Usage::default();
        for (member, usage) in self.processes.iter().zip(all) {
            total.peak_memory = total.peak_memory.max(usage.peak_memory);
            if member.facts.reaped != Some(true) {
                total = sum(total, usage);
            }
        }
        total
    }

    /// The facts, in the order of birth.
    pub(crate) fn into_facts(mut self) -> (Vec<Process>, Vec<Thread>) {
        let all = self.with_children();
        let of_children = self.of_reaped_children(&all);
        for (index, member) in self.processes.iter_mut().enumerate() {
            member.facts.resources = member.usage.map(|usage| match usage {
                Used::Itself(usage) => resources(usage),
                Used::WithChildren(usage) => resources(difference(usage, of_children[index])),
            });
        }
        (self.processes.into_iter().map(|one| one.facts).collect(), self.threads)
    }

    /// What each process used together with the children that it reaped.
    fn with_children(&self) -> Vec<Usage> {
        let used = |usage: Option<Used>| match usage {
            Some(Used::Itself(usage) | Used::WithChildren(usage)) => usage,
            None => Usage::default(),
        };
        let mut all: Vec<_> = self.processes.iter().map(|member| used(member.usage)).collect();
        // Whoever is born later is no ancestor: what it reaped has been added by then.
        for index in (0..all.len()).rev() {
            if let Some(parent) = self.reaper_of(index)
                && let Some(Used::Itself(_)) = self.processes[parent].usage
            {
                all[parent] = sum(all[parent], all[index]);
            }
        }
        all
    }

    /// What the children that each process reaped used, of what `all` used.
    fn of_reaped_children(&self, all: &[Usage]) -> Vec<Usage> {
        let mut of_children = vec![Usage::default(); all.len()];
        for (index, usage) in all.iter().enumerate() {
            if let Some(parent) = self.reaper_of(index) {
                of_children[parent] = sum(of_children[parent], *usage);
            }
        }
        of_children
    }

    /// The place of the parent that reaped a process.
    fn reaper_of(&self, index: usize) -> Option<usize> {
        let facts = &self.processes[index].facts;
        let parent = facts.parent.filter(|_| facts.reaped == Some(true))?;
        usize::try_from(parent.0 - 1).ok()
    }
}

/// Both together. The memory is that of the first.
fn sum(one: Usage, other: Usage) -> Usage {
    Usage {
        user: one.user + other.user,
        system: one.system + other.system,
        voluntary_switches: one.voluntary_switches + other.voluntary_switches,
        involuntary_switches: one.involuntary_switches + other.involuntary_switches,
        ..one
    }
}

/// What is left of the first without the other. The memory is that of the first.
fn difference(one: Usage, other: Usage) -> Usage {
    Usage {
        user: one.user.saturating_sub(other.user),
        system: one.system.saturating_sub(other.system),
        voluntary_switches: one.voluntary_switches.saturating_sub(other.voluntary_switches),
        involuntary_switches: one.involuntary_switches.saturating_sub(other.involuntary_switches),
        ..one
    }
}

fn resources(usage: Usage) -> Resources {
    Resources {
        user: usage.user,
        system: usage.system,
        peak_memory: usage.peak_memory,
        voluntary_switches: usage.voluntary_switches,
        involuntary_switches: usage.involuntary_switches,
    }
}
