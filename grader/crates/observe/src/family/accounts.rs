//! What the tasks of a run used, and the facts about them once it is over.

use jail::trace::Usage;
use observation::{Process, Resources, Thread};

use super::Family;

impl Family {
    /// What the whole run used: a process that was reaped counts in its parent.
    pub(crate) fn usage(&self) -> Usage {
        let mut total = Usage::default();
        for member in &self.processes {
            let usage = member.usage.unwrap_or_default();
            total.peak_memory = total.peak_memory.max(usage.peak_memory);
            if member.facts.reaped != Some(true) {
                total.user += usage.user;
                total.system += usage.system;
                total.voluntary_switches += usage.voluntary_switches;
                total.involuntary_switches += usage.involuntary_switches;
            }
        }
        total
    }

    /// The facts, in the order of birth.
    pub(crate) fn into_facts(mut self) -> (Vec<Process>, Vec<Thread>) {
        for index in 0..self.processes.len() {
            self.processes[index].facts.resources = self.own_usage(index);
        }
        (self.processes.into_iter().map(|one| one.facts).collect(), self.threads)
    }

    /// What a process used itself: the kernel adds to it what its reaped children used.
    fn own_usage(&self, index: usize) -> Option<Resources> {
        let member = &self.processes[index];
        let total = member.usage?;
        let reaped = self.processes.iter().filter(|child| {
            child.facts.parent == Some(member.facts.id) && child.facts.reaped == Some(true)
        });
        let mut own = Resources {
            user: total.user,
            system: total.system,
            peak_memory: total.peak_memory,
            voluntary_switches: total.voluntary_switches,
            involuntary_switches: total.involuntary_switches,
        };
        for child in reaped.filter_map(|child| child.usage) {
            own.user = own.user.saturating_sub(child.user);
            own.system = own.system.saturating_sub(child.system);
            own.voluntary_switches =
                own.voluntary_switches.saturating_sub(child.voluntary_switches);
            own.involuntary_switches =
                own.involuntary_switches.saturating_sub(child.involuntary_switches);
        }
        Some(own)
    }
}
