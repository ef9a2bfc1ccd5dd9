//! From what a program may reach to the steps that leave it nothing else.

use std::ffi::{CString, NulError};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use landlock::RulesetError;
use nix::sched::CloneFlags;
use nix::unistd::{getegid, geteuid};
use observation::Limits;
use thiserror::Error;

use crate::bounds::{bounds, usual};
use crate::enclosure::{Enclosure, Users};
use crate::perform::landlock_version;
use crate::rules::{Grant, permit, ruleset};
use crate::worker::has_left_the_network;
use crate::{Confinement, Resource, Step, Tier, filter, tree};

/// The number by which a program in a user namespace knows its user.
const USER_INSIDE: u32 = 1000;

/// Why walls could not be prepared. None of it is the program's doing.
#[derive(Debug, Error)]
pub enum WallsError {
    /// A path holds a NUL byte.
    #[error("a NUL byte in a path that is to be shown")]
    Nul(#[from] NulError),
    /// The kernel did not take the Landlock ruleset.
    #[error("cannot make a Landlock ruleset: {0}")]
    Landlock(#[from] RulesetError),
}

/// Prepares the walls of `confinement` around a program within `limits`.
///
/// The program starts in `directory`, which it has to be able to see. `scratch` is
/// the directory that stands for /tmp in the tiers that cannot give it one of its
/// own. `doors` are those of the control groups to join.
pub fn walls(
    confinement: &Confinement,
    limits: &Limits,
    directory: Option<&Path>,
    scratch: Option<&Path>,
    doors: Vec<OwnedFd>,
) -> Result<Enclosure, WallsError> {
    let tier = confinement.tier;
    let ruleset = ruleset()?;
    let mut steps = vec![Step::NewSession, Step::NoNewPrivileges];
    steps.extend(bounds(limits));
    steps.extend(usual());
    // The bound counts all processes of the user, and in tier D that is everybody's.
    // It is a little above the observer's own, which says what happened.
    if tier != Tier::D {
        steps.push(Step::Limit(Resource::Processes, limits.processes + 16));
    }
    if let Some(ruleset) = &ruleset {
        steps.extend(permits(ruleset, confinement, scratch)?);
    }
    steps.push(Step::NoBoundingSet);
    match tier {
        Tier::A => steps.push(Step::User(USER_INSIDE)),
        Tier::C => steps.push(Step::User(confinement.slot.user())),
        Tier::B | Tier::D => {}
    }
    steps.push(Step::NoCapabilities);
    if !tier.has_namespaces() {
        // Becoming another user undoes it, so it comes late.
        steps.push(Step::DieWithParent);
    }
    let start = directory.or(scratch).unwrap_or(Path::new("/tmp"));
    steps.push(Step::Directory(CString::new(start.as_os_str().as_encoded_bytes())?));
    steps.extend(ruleset.iter().map(landlock_step));
    steps.push(Step::Filter(filter::PROGRAM.clone()));

    // First of all, so that whatever is made counts.
    let join = doors.iter().map(|door| Step::Join(door.as_raw_fd()));
    let mut setup = Vec::new();
    if tier.has_namespaces() {
        setup.extend(join);
        setup.extend(tree::steps(confinement)?);
        setup.push(Step::HostName(c"jail".to_owned()));
    } else {
        steps.splice(0..0, join);
    }
    Ok(Enclosure {
        namespaces: namespaces(tier),
        users: users(confinement),
        doors,
        setup,
        steps,
        rulesets: ruleset.into_iter().collect(),
    })
}

fn landlock_step(ruleset: &OwnedFd) -> Step {
    Step::Landlock(ruleset.as_raw_fd())
}

fn namespaces(tier: Tier) -> CloneFlags {
    if !tier.has_namespaces() {
        return CloneFlags::empty();
    }
    let flags = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWCGROUP;
    if has_left_the_network() { flags } else { flags | CloneFlags::CLONE_NEWNET }
}

/// In tier A init is the caller, so that it can show what only the caller can reach,
/// and the program is the user of its slot. In tier B there is but one user to be.
fn users(confinement: &Confinement) -> Option<Users> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    match confinement.tier {
        Tier::A => {
            let own = (USER_INSIDE, confinement.slot.user());
            let (users, groups) = (vec![(0, user), own], vec![(0, group), own]);
            Some(Users { users, groups, may_set_groups: true })
        }
        Tier::B => Some(Users {
            users: vec![(USER_INSIDE, user)],
            groups: vec![(USER_INSIDE, group)],
            may_set_groups: false,
        }),
        Tier::C | Tier::D => None,
    }
}

fn permits(
    ruleset: &OwnedFd,
    confinement: &Confinement,
    scratch: Option<&Path>,
) -> Result<Vec<Step>, NulError> {
    let version = landlock_version();
    let permit = |path: &Path, grant| permit(ruleset, version, path, grant);
    let mut steps = Vec::new();
    for path in &confinement.readable {
        steps.push(permit(path, Grant::Read)?);
    }
    for device in tree::DEVICES {
        steps.push(permit(Path::new(device), Grant::Write)?);
    }
    let own: &[&str] = match scratch {
        None => &["/tmp", "/dev/shm", "/dev/mqueue", "/proc"],
        // Its own entry of /proc is the only one that shows nobody else.
        Some(_) => &["/dev/shm", "/dev/mqueue", "/proc/self"],
    };
    for path in own.iter().map(Path::new).chain(scratch) {
        steps.push(permit(path, Grant::Write)?);
    }
    Ok(steps)
}
