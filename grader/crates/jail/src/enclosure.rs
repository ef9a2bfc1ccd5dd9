use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::sched::CloneFlags;

use crate::{Pid, Step};

/// Walls to put around a program, all of them prepared: what the child needs to do
/// to itself, and what we do to it from outside.
#[derive(Debug)]
pub struct Enclosure {
    /// The namespaces that the program gets of its own. With a pid namespace comes
    /// an init, so that the program is not process 1.
    pub(crate) namespaces: CloneFlags,
    /// Who is who in its user namespace.
    pub(crate) users: Option<Users>,
    /// The control groups to join, by their `cgroup.procs`.
    pub(crate) groups: Vec<PathBuf>,
    /// What init does, once, before it starts the program.
    pub(crate) setup: Vec<Step>,
    /// What the program does to itself.
    pub(crate) steps: Vec<Step>,
    /// Landlock rulesets that steps refer to.
    #[expect(dead_code, reason = "held open until the child has been forked")]
    pub(crate) rulesets: Vec<OwnedFd>,
}

/// The users of a user namespace, as (inside, outside).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Users {
    /// User ids.
    pub(crate) users: Vec<(u32, u32)>,
    /// Group ids.
    pub(crate) groups: Vec<(u32, u32)>,
    /// Whether the program may leave the groups of the caller.
    pub(crate) may_set_groups: bool,
}

impl Enclosure {
    /// No walls: the steps alone.
    pub(crate) fn bare(steps: Vec<Step>) -> Self {
        Self {
            namespaces: CloneFlags::empty(),
            users: None,
            groups: Vec::new(),
            setup: Vec::new(),
            steps,
            rulesets: Vec::new(),
        }
    }

    /// Whether the program runs below an init of its own.
    pub(crate) fn has_init(&self) -> bool {
        self.namespaces.contains(CloneFlags::CLONE_NEWPID)
    }

    /// Does from outside what has to be done to a newborn child that waits.
    pub(crate) fn adopt(&self, child: Pid) -> Result<(), (PathBuf, io::Error)> {
        let write = |path: PathBuf, text: String| fs::write(&path, text).map_err(|e| (path, e));
        if let Some(users) = &self.users {
            let of = |name: &str| PathBuf::from(format!("/proc/{child}/{name}"));
            if !users.may_set_groups {
                write(of("setgroups"), "deny".to_owned())?;
            }
            write(of("uid_map"), map(&users.users))?;
            write(of("gid_map"), map(&users.groups))?;
        }
        self.groups.iter().try_for_each(|group| write(group.clone(), child.to_string()))
    }
}

fn map(pairs: &[(u32, u32)]) -> String {
    pairs.iter().map(|(inside, outside)| format!("{inside} {outside} 1\n")).collect()
}
