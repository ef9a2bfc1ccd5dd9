//! Does one job: puts up the walls, runs and observes the program, clears up.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use jail::{Command, Confinement, Groups, LaunchError, Stdio, Tier, enclose, end_user, walls};
use observation::{
    Fact, Hang, HangKind, Leftover, LeftoverKind, LimitKind, Observation, Request, Verdict,
};
use observe::{Surroundings, streams, watch};
use thiserror::Error;

use crate::artefact::take_out;
use crate::job::Job;
use crate::leftover::{files_below, of_system_v, sweep_shared_memory};
use crate::scratch::scratch;

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
}

/// Runs and observes the program of `job`; nothing of it is alive afterwards.
pub(crate) fn keep(job: &Job) -> Result<Observation, KeepError> {
    let Job { request, confinement } = job;
    let host = |action| move |source| KeepError::Host { action, source };
    if !confinement.tier.has_namespaces() {
        jail::adopt_orphans().map_err(|errno| host("adopt orphans")(errno.into()))?;
    }
    // What an earlier run made is not what this one made.
    confinement.artefacts.iter().for_each(|artefact| drop(fs::remove_file(&artefact.to)));
    let scratch = scratch(confinement).map_err(host("make a directory for the program"))?;
    let scratch = scratch.as_ref().map(|directory| directory.path());
    let groups =
        Groups::make(&name_of_groups(), confinement.memory, request.limits.processes + 16)?;
    let enclosure = walls(
        confinement,
        &request.limits,
        request.directory.as_deref(),
        scratch,
        groups.doors()?,
    )?;
    let (stdio, streams) = streams(request.stdin.clone()).map_err(host("make pipes"))?;
    let stdio: Stdio = stdio;
    let (suspended, mut behind) = enclose(command(request, scratch)?, &stdio, enclosure)?;
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
            left.extend(sweep_shared_memory(confinement.slot.user()));
            // Whose they were is certain here; the observer could only guess.
            observation.leftovers.clear();
            observation.unsure.retain(|unsure| unsure.fact != Fact::Leftovers);
            note_leftovers(left, &mut observation);
        }
        Tier::D => {}
    }
    let made_in = root.map(|root| root.join("tmp")).or(scratch.map(Path::to_owned));
    if let Some(directory) = made_in {
        take_artefacts(&directory, confinement, &mut observation);
    }
    drop(behind);
    note_memory(&groups, confinement, &mut observation);
    observation.confinement = confinement.tier.describe().to_owned();
    Ok(observation)
}

/// No other keeper has it, be it in another container below the same group.
fn name_of_groups() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("interleave-{}-{}", std::process::id(), now.as_nanos())
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
fn note_memory(groups: &Groups, confinement: &Confinement, observation: &mut Observation) {
    if groups.memory_kills().unwrap_or(0) == 0 {
        return;
    }
    let bytes = confinement.memory.unwrap_or(0);
    let evidence = format!("its processes together used more than {} MiB of memory", bytes >> 20);
    observation.verdict = Verdict::Limit;
    observation.reason = evidence.clone();
    observation.hang = Some(Hang { kind: HangKind::Limit(LimitKind::Memory), evidence });
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
