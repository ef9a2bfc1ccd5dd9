//! Does one job: puts up the walls, runs and observes the program, clears up.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jail::{Command, Confinement, Groups, LaunchError, Stdio, Tier, enclose, end_user, walls};
use nix::unistd::geteuid;
use observation::{
    Exit, Fact, Hang, HangKind, Leftover, LeftoverKind, LimitKind, Observation, Request, Verdict,
};
use observe::{Surroundings, streams, watch};
use thiserror::Error;

use crate::artefact::take_out;
use crate::job::Job;
use crate::leftover::{
    files_below, of_system_v, shared_memory_of, sweep_shared_memory, used_shared_memory,
};
use crate::scratch::{Scratch, scratch};

/// Why a job could not be done. Nothing that the program does is among it.
#[derive(Debug, Error)]
pub(crate) enum KeepError {
    #[error("cannot {action}: {source}")]
    Host { action: &'static str, source: io::Error },
    #[error(transparent)]
    Groups(#[from] jail::GroupsError),
    #[error(transparent)]
    Walls(#[from] jail::WallsError),
    #[error("the jail cannot start: {0}")]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Observe(#[from] observe::ObserveError),
    #[error(transparent)]
    Sweep(#[from] jail::SweepError),
    #[error(
        "the kernel ended a process of the program for want of memory, though it kept within its \
         own bound; give this machine or container more memory, or grade with fewer --jobs"
    )]
    Memory,
}

/// Runs and observes the program of `job`; nothing of it is alive afterwards.
///
/// The names of its control groups begin with `groups`.
pub(crate) fn keep(job: &Job, groups: &str) -> Result<Observation, KeepError> {
    let Job { request, confinement } = job;
    let host = |action| move |source| KeepError::Host { action, source };
    if !confinement.tier.has_namespaces() {
        jail::adopt_orphans().map_err(|errno| host("adopt orphans")(errno.into()))?;
    }
    // What an earlier run made is not what this one made.
    confinement.artefacts.iter().for_each(|artefact| drop(fs::remove_file(&artefact.to)));
    let scratch = scratch(confinement).map_err(host("make a directory for the program"))?;
    let directory = scratch.as_ref().map(Scratch::path);
    let groups = format!("{groups}-{}", since_the_epoch().as_nanos());
    let groups = Groups::make(&groups, confinement.memory, request.limits.processes + 16)?;
    let before = Before::look(confinement.tier, &groups);
    let enclosure = walls(
        confinement,
        &request.limits,
        request.directory.as_deref(),
        directory,
        groups.doors()?,
    )?;
    let (stdio, streams) = streams(request.stdin.clone()).map_err(host("make pipes"))?;
    let stdio: Stdio = stdio;
    let (suspended, mut behind) = enclose(command(request, directory)?, &stdio, enclosure)?;
    drop(stdio);
    let surroundings = if confinement.tier.has_namespaces() {
        Surroundings::Private
    } else {
        Surroundings::Shared
    };
    let watched = watch(suspended, streams, request, surroundings);
    match confinement.tier {
        Tier::A | Tier::B => {}
        Tier::C => end_user(confinement.slot)?,
        // The observer has ended all of them.
        Tier::D => jail::reap_children(None),
    }
    let mut observation = watched?;

    let root = behind.root();
    match confinement.tier {
        Tier::A | Tier::B => {
            let mut left = of_system_v(behind.settle().unwrap_or_default());
            left.extend(root.iter().flat_map(|root| files_below(root, confinement)));
            note_leftovers(left, &mut observation);
        }
        Tier::C => {
            let mut left = of_system_v(jail::remove_objects(confinement.slot));
            left.extend(sweep_shared_memory(confinement.slot.user(), |_| false));
            // Whose they were is certain here; the observer could only guess.
            observation.leftovers.clear();
            observation.unsure.retain(|unsure| unsure.fact != Fact::Leftovers);
            note_leftovers(left, &mut observation);
        }
        Tier::D => {
            let known = |found: &Leftover| observation.leftovers.iter().any(|one| one == found);
            let mut left = before.sweep();
            left.retain(|found| !known(found));
            note_leftovers(left, &mut observation);
        }
    }
    // A directory that the program locked is still ours to open.
    scratch.iter().for_each(|scratch| drop(scratch.unlock()));
    let made_in = root.map(|root| root.join("tmp")).or(directory.map(Path::to_owned));
    if let Some(directory) = made_in {
        take_artefacts(&directory, confinement, &mut observation);
    }
    drop(behind);
    note_memory(&groups, before.memory_kills, confinement, &mut observation)?;
    observation.confinement = confinement.tier.describe().to_owned();
    Ok(observation)
}

/// How the names of this process's control groups begin, and nobody else's, be it in another
/// container below the same group.
pub(crate) fn name_of_groups() -> String {
    format!("interleave-{}-{}", std::process::id(), since_the_epoch().as_nanos())
}

fn since_the_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn command(request: &Request, scratch: Option<&Path>) -> Result<Command, LaunchError> {
    let arguments = request.args.iter().map(String::as_str);
    let scratch = scratch.and_then(Path::to_str).map(|scratch| ("TMPDIR", scratch));
    let given = request.environment.iter();
    let given = given.map(|(name, value)| (name.as_str(), value.as_str()));
    Command::new(&request.program, arguments, scratch.into_iter().chain(given))
}

/// A program that makes something else than what it was to make has not made it: the
/// reason is put where its own complaints stand.
fn take_artefacts(directory: &Path, confinement: &Confinement, observation: &mut Observation) {
    for artefact in &confinement.artefacts {
        if let Err(error) = take_out(directory, artefact) {
            observation.verdict = observation.verdict.max(Verdict::Limit);
            observation.reason = error.to_string();
        }
    }
}

/// A process that the kernel ended for want of memory only looks killed.
///
/// That is the program's doing if the run had reached its own bound, and nobody's verdict if it
/// was the bound of a container around us, or the host had no more. Without groups of our own
/// it is taken for that if the kernel ended somebody, and one of the run was killed.
fn note_memory(
    groups: &Groups,
    kills_before: Option<u64>,
    confinement: &Confinement,
    observation: &mut Observation,
) -> Result<(), KeepError> {
    let some = match groups.memory_kills() {
        Some(kills) => kills > 0,
        None => is_killed(observation) && jail::memory_kills_of_the_host() > kills_before,
    };
    if !some {
        return Ok(());
    }
    if !groups.reached_its_memory() {
        return Err(KeepError::Memory);
    }
    let bytes = confinement.memory.unwrap_or(0);
    let evidence = format!("its processes together used more than {} MiB of memory", bytes >> 20);
    observation.verdict = Verdict::Limit;
    observation.reason = evidence.clone();
    observation.hang = Some(Hang::new(HangKind::Limit(LimitKind::Memory), evidence));
    Ok(())
}

/// Whether a process of the run was killed, and not by us.
fn is_killed(observation: &Observation) -> bool {
    const SIGKILL: i32 = 9;
    let killed = Some(Exit::Signal(SIGKILL));
    observation.exit == killed || observation.processes.iter().any(|one| one.exit == killed)
}

/// What has to be known of the host from before a run.
struct Before {
    /// The host's count, if the run has no groups that count its own.
    memory_kills: Option<u64>,
    /// What lay where its user shares memory, if that is the grader's own.
    shared_memory: Option<BTreeSet<u64>>,
}

impl Before {
    fn look(tier: Tier, groups: &Groups) -> Self {
        let own = (tier == Tier::D).then(|| shared_memory_of(geteuid().as_raw()));
        // The kernel adds up all of the host's counters at each look.
        let of_host = groups.memory_kills().is_none();
        let memory_kills = of_host.then(jail::memory_kills_of_the_host).flatten();
        Self { memory_kills, shared_memory: own }
    }

    /// Removes the shared memory that is new and that nobody uses any more.
    ///
    /// In the tier in which all are one user that is as much as can be told of it.
    fn sweep(&self) -> Vec<Leftover> {
        let Some(known) = &self.shared_memory else { return Vec::new() };
        let user = geteuid().as_raw();
        if shared_memory_of(user).is_subset(known) {
            return Vec::new();
        }
        let used = used_shared_memory();
        sweep_shared_memory(user, |inode| known.contains(&inode) || used.contains(&inode))
    }
}

fn note_leftovers(leftovers: Vec<Leftover>, observation: &mut Observation) {
    // A file in its own /tmp is recorded, but harms nobody.
    let objects = leftovers.iter().filter(|leftover| leftover.kind != LeftoverKind::File);
    if let (Some(first), Verdict::Pass) = (objects.clone().next(), observation.verdict) {
        observation.verdict = Verdict::Leak;
        observation.reason = match objects.count() {
            1 => format!("it left {} behind", first.name),
            count => format!("it left {count} objects behind, {} among them", first.name),
        };
    }
    observation.leftovers.extend(leftovers);
}
