use std::fmt;
use std::fs;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// How strong the walls are that a host lets us build; from the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tier {
    /// Root on a host: namespaces, a root of its own, one user per slot.
    A,
    /// An unprivileged user with user namespaces: the same walls, one user for all.
    B,
    /// Root where no namespaces are to be had, as in most containers: one user per
    /// slot, Landlock, the filters.
    C,
    /// Nobody special: Landlock and the filters alone, around the grader's own user.
    D,
}

impl Tier {
    /// Every tier, from the strongest.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// Whether programs get namespaces and a root of their own.
    pub fn has_namespaces(self) -> bool {
        matches!(self, Self::A | Self::B)
    }

    /// Whether each slot has a user of its own.
    pub fn has_users(self) -> bool {
        matches!(self, Self::A | Self::C)
    }

    /// One sentence on what holds, for reports.
    pub fn describe(self) -> &'static str {
        match self {
            Self::A => {
                "tier A: namespaces, a root of its own, a user per slot, Landlock, system call filters"
            }
            Self::B => {
                "tier B: namespaces, a root of its own, one user, Landlock, system call filters"
            }
            Self::C => "tier C: a user per slot, Landlock, system call filters; no namespaces",
            Self::D => "tier D: Landlock and system call filters around the grader's own user",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        };
        f.pad(letter)
    }
}

/// One of the places at which submissions run side by side, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u16);

impl Slot {
    /// How many there are.
    pub const COUNT: u16 = 4096;

    /// The user that runs what is in this slot, where slots have users.
    pub fn user(self) -> u32 {
        static FIRST: LazyLock<u32> = LazyLock::new(|| {
            first_user(&fs::read_to_string("/proc/self/uid_map").unwrap_or_default())
        });
        *FIRST + u32::from(self.0)
    }
}

/// The first of the users of slots, given the users that exist here: a place where
/// neither people nor services are.
fn first_user(uid_map: &str) -> u32 {
    // Far above all, and outside of what the usual tools hand out for containers.
    const USUAL: u32 = 1_879_000_000;
    const SLOTS: u32 = Slot::COUNT as u32;
    let ranges = uid_map.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(|word| word.parse::<u32>().ok());
        let (first, _, count) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(first..first.saturating_add(count))
    });
    let largest = ranges.max_by_key(|range| range.end - range.start);
    match largest {
        Some(range) if !range.contains(&(USUAL + SLOTS)) => range.end.saturating_sub(SLOTS),
        _ => USUAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_have_users_that_exist() {
        let host = "         0          0 4294967295\n";
        assert_eq!(first_user(host), 1_879_000_000);
        let container = "0 1000 1\n1 100000 65536\n";
        assert_eq!(first_user(container), 1 + 65536 - 4096);
    }
}
