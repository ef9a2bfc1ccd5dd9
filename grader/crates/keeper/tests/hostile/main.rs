//! Programs that mean harm: each gets the verdict that it says it should, nothing of
//! it survives, and the next one to run in its place notices nothing.
//!
//! They are compiled in the jail, and run in each tier that this host can provide. As
//! root each run is in a pid namespace of its own on top of the jail's walls, which
//! `examples/container.rs` makes sure of; otherwise only tier B is tried, once its
//! canaries have shown that it has one.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

mod compile;
mod expectation;
mod stage;

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use jail::{Confinement, Slot, Tier};
use observation::{Limits, Observation, Request};

use crate::expectation::Expectation;
use crate::stage::{STAGE, Stage};

const SECRET: &str = "the solution of the exercise";

#[test]
fn in_tier_a_the_hostile_come_to_nothing() {
    all_come_to_nothing(Tier::A);
}

#[test]
fn in_tier_b_the_hostile_come_to_nothing() {
    all_come_to_nothing(Tier::B);
}

#[test]
fn in_tier_c_the_hostile_come_to_nothing() {
    all_come_to_nothing(Tier::C);
}

#[test]
fn in_tier_d_the_hostile_come_to_nothing() {
    all_come_to_nothing(Tier::D);
}

fn all_come_to_nothing(tier: Tier) {
    let stage = &*STAGE;
    if !stage.can_provide(tier) {
        return;
    }
    let secret = tempfile::NamedTempFile::new_in(stage.folder()).unwrap();
    std::fs::write(&secret, SECRET).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    secret.as_file().set_permissions(open).unwrap();
    let name = secret.path().to_str().unwrap();
    let address = SocketAddr::from_abstract_name(name).unwrap();
    let _listener = UnixListener::bind_addr(&address).unwrap();

    stage.set_up(tier);
    let alone = neighbour(stage, tier, Slot(1));
    let mut wrong = Vec::new();
    for (program, expectation) in stage.programs() {
        let seen = run(stage, tier, &program, &expectation, name);
        wrong.extend(expectation.compare(tier, &seen).map(|what| format!("{program}: {what}")));
        let survivors = stage.survivors(tier);
        if !survivors.is_empty() {
            wrong.push(format!("{program}: left processes {survivors:?}"));
        }
        if std::fs::exists(format!("{name}.new")).unwrap() {
            wrong.push(format!("{program}: made files outside"));
        }
        let next = neighbour(stage, tier, Slot(1));
        if next != alone {
            wrong.push(format!("{program}: the next one to run fared differently: {next:?}"));
        }
    }
    assert!(std::fs::read_to_string(&secret).unwrap() == SECRET, "the secret was changed");
    assert!(wrong.is_empty(), "in tier {tier}:\n{}", wrong.join("\n"));
}

fn run(
    stage: &Stage,
    tier: Tier,
    program: &str,
    expectation: &Expectation,
    secret: &str,
) -> Observation {
    let mut request = Request::new(stage.program(tier, program));
    request.args = vec![secret.to_owned()];
    request.stdin = vec![b'x'; expectation.stdin];
    request.limits = Limits {
        wall: expectation.wall,
        cpu: expectation.cpu,
        memory: 512 << 20,
        processes: 48,
        ..Limits::default()
    };
    let mut confinement = Confinement::for_program(tier, Slot(1), &request.program);
    confinement.memory = Some(128 << 20);
    stage.keep(tier, &request, &confinement)
}

/// What an innocent program does in the same place.
fn neighbour(stage: &Stage, tier: Tier, slot: Slot) -> (observation::Verdict, String, u32) {
    let mut request = Request::new("/bin/sh");
    request.args = ["-c", "echo *; echo /dev/shm/*; echo done"].map(str::to_owned).to_vec();
    let confinement = Confinement::for_program(tier, slot, &request.program);
    let seen = stage.keep(tier, &request, &confinement);
    (seen.verdict, seen.stdout.text, seen.peak_processes)
}
