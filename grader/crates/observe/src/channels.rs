//! Channels of the standard library: which one a task waits for, and who could act by its
//! other end.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use crate::graph::Waiting;
use crate::owners::{self, Name, Rank, Role, Target, Way};
use crate::primitive::Primitive;
use crate::variables::{Seen, Variables};

/// The channels that tasks wait for, by the position of the task.
pub(crate) struct Channels(BTreeMap<usize, Channel>);

/// The channel that one task waits for.
#[derive(Default)]
pub(crate) struct Channel {
    /// What the program calls the end by which it waits.
    pub(crate) own_end: Option<String>,
    /// Who has its other end, by position, and what he calls it.
    pub(crate) others: Vec<(usize, String)>,
}

/// The kinds of channels, by the files of the standard library that hold them.
const FLAVORS: [&str; 3] = ["array", "list", "zero"];

/// An end in a variable.
struct End {
    task: usize,
    /// Where it lies.
    at: u64,
    role: Role,
    name: Name,
    /// The outermost calls are where most things are made.
    outer: Reverse<usize>,
    senders: Option<u64>,
}

impl Channels {
    pub(crate) fn of(waiting: &[Waiting<'_>], variables: &Variables) -> Self {
        let of_task = |(index, one): (usize, &Waiting<'_>)| {
            let role = match one.primitive? {
                Primitive::Receive => Role::Receiver,
                Primitive::Send => Role::Sender,
                _ => return None,
            };
            let flavor = one.calls.iter().find_map(|call| {
                let file = call.place.as_ref()?.file.to_string_lossy();
                FLAVORS.into_iter().find(|flavor| file.ends_with(&format!("mpmc/{flavor}.rs")))
            })?;
            // What waits was given the channel.
            let words: HashSet<_> = one.stack.words_below(one.own_stack).collect();
            let target = Target { flavor, addresses: &words };
            let ends = ends(waiting, variables, one.task.pid, target);
            Some((index, Channel::of(index, role, &ends)))
        };
        Self(waiting.iter().enumerate().filter_map(of_task).collect())
    }

    /// That for which the task at a position waits.
    pub(crate) fn find(&self, task: usize) -> Option<&Channel> {
        self.0.get(&task)
    }
}

impl Channel {
    fn of(task: usize, role: Role, ends: &[End]) -> Self {
        let best = |role, task| {
            let ends = ends.iter().filter(move |end| end.role == role);
            ends.min_by_key(move |end| (end.name.rank, end.task != task, end.outer))
        };
        let opposite: Vec<_> = ends.iter().filter(|end| end.role != role).collect();
        let mut left = match role {
            Role::Receiver => opposite.iter().find_map(|end| end.senders).unwrap_or(0),
            Role::Sender => 1,
        };
        let mut by_task = BTreeMap::<usize, Vec<&End>>::new();
        for end in opposite {
            by_task.entry(end.task).or_default().push(end);
        }
        let words = |end: &End| {
            let what = match end.role {
                Role::Sender => "sender",
                Role::Receiver => "receiver",
            };
            format!("the {what} {}", end.name.words())
        };
        // A variable from which an end was moved away looks as before. Ends move to those who
        // are started later.
        let mut others = Vec::new();
        for (task, ends) in by_task.into_iter().rev() {
            if left == 0 {
                break;
            }
            let places = ends.iter().map(|end| end.at).collect::<HashSet<_>>().len() as u64;
            let perhaps = if places > left { "perhaps " } else { "" };
            left = left.saturating_sub(places);
            let named = ends.into_iter().min_by_key(|end| (end.name.rank, end.outer));
            // What somebody calls his parameter says less than where it was made.
            let named = named.filter(|end| end.name.rank < Rank::Parameter);
            let named = named.or_else(|| best(opposite_of(role), task));
            others.extend(named.map(|end| (task, format!("{perhaps}{}", words(end)))));
        }
        others.reverse();
        Self { own_end: best(role, task).map(words), others }
    }
}

fn opposite_of(role: Role) -> Role {
    match role {
        Role::Sender => Role::Receiver,
        Role::Receiver => Role::Sender,
    }
}

/// The ends of a channel.
fn ends(waiting: &[Waiting<'_>], variables: &Variables, pid: i32, target: Target<'_>) -> Vec<End> {
    let mut ends = Vec::new();
    for (task, _) in waiting.iter().enumerate().filter(|(_, one)| one.task.pid == pid) {
        for Seen { info, variable, depth, .. } in variables.in_scope(task) {
            let way = owners::way_to_channel(info, pid, variable, target);
            if let Some(Way::End { path, at, role, senders }) = way {
                let name = Name::of(info, variable, path, None);
                ends.push(End { task, at, role, name, outer: Reverse(*depth), senders });
            }
        }
    }
    ends
}
