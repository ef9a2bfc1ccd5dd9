//! Finds the strongest walls that this host lets us build, and proves that they stand.

use std::fs::{self, Permissions};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use jail::canary::{Breach, Scene, judge, namespaces};
use jail::{Confinement, Slot, Tier};
use nix::unistd::geteuid;
use observation::{Exit, Request};
use temporary::Temporary;
use thiserror::Error;

use crate::serve::{ARGUMENT, CANARY};
use crate::{Keeper, KeeperError};

/// Whether walls that let submissions of the same user see each other may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// They may: tier D is tried if nothing else is to be had.
    Allowed,
    /// They may not.
    Refused,
}

/// Why a tier cannot be had.
#[derive(Debug, Error)]
pub enum TierError {
    /// The walls cannot be built.
    #[error("tier {tier} cannot be had: {source}")]
    Start {
        /// Which tier.
        tier: Tier,
        /// Why not.
        source: KeeperError,
    },
    /// The walls stand, but not firmly.
    #[error("tier {tier} does not hold: {}", list(.breaches))]
    Breached {
        /// Which tier.
        tier: Tier,
        /// What should have been refused, or should have worked.
        breaches: Vec<Breach>,
    },
    /// The host failed us.
    #[error("cannot try tier {tier}: {source}; is the disk full?")]
    Host {
        /// Which tier.
        tier: Tier,
        /// What the system said.
        source: io::Error,
    },
}

/// Why nothing can be graded on this host.
#[derive(Debug, Error)]
#[error("no walls can be built around submissions on this host; `grader doctor` says what would help\n{}",
    lines(.0))]
pub struct NoTier(pub Vec<TierError>);

/// The walls that were found to stand.
#[derive(Debug)]
pub struct Settled {
    /// Their tier.
    pub tier: Tier,
    /// Why they are not stronger, from the strongest.
    pub refused: Vec<TierError>,
}

/// Tries the tiers that suit the calling user, the strongest first, and settles for the
/// first whose every canary lives.
pub fn settle(keeper: &Keeper, weak: Weak) -> Result<Settled, NoTier> {
    let root = geteuid().is_root();
    let suits = |tier: &Tier| match tier {
        Tier::A | Tier::C => root,
        Tier::B => !root,
        Tier::D => !root && weak == Weak::Allowed,
    };
    let mut refused = Vec::new();
    for tier in Tier::ALL.into_iter().filter(suits) {
        match prove(keeper, tier) {
            Ok(()) => return Ok(Settled { tier, refused }),
            Err(error) => refused.push(error),
        }
    }
    Err(NoTier(refused))
}

/// Builds the walls of `tier` and sends every canary in.
pub fn prove(keeper: &Keeper, tier: Tier) -> Result<(), TierError> {
    let host = |source| TierError::Host { tier, source };
    let folder = Temporary::new(0o777).map_err(host)?;
    let outside = folder.path().join("outside");
    fs::write(&outside, "not for everybody").map_err(host)?;
    // What the umask took away.
    fs::set_permissions(&outside, Permissions::from_mode(0o666)).map_err(host)?;
    let socket = outside.display().to_string();
    let address = SocketAddr::from_abstract_name(&socket).map_err(host)?;
    let _listener = UnixListener::bind_addr(&address).map_err(host)?;

    let mut request = Request::new(keeper.executable());
    let confinement = Confinement::for_program(tier, Slot(0), &request.program);
    let scene = Scene {
        tier,
        outside,
        process: std::process::id().cast_signed(),
        socket,
        file_size: request.limits.file_size,
        temporary: confinement.temporary,
        namespaces: namespaces(),
    };
    request.args = vec![ARGUMENT.to_owned(), CANARY.to_owned()];
    request.stdin = serde_json::to_vec(&scene).map_err(|error| host(error.into()))?;
    let start = |source| TierError::Start { tier, source };
    let observation = keeper.run(&request, &confinement).map_err(start)?;
    let ended_well = observation.exit == Some(Exit::Code(0));
    let report = if ended_well { observation.stdout.text.as_str() } else { "" };
    judge(tier, report).map_err(|breaches| TierError::Breached { tier, breaches })
}

fn list(breaches: &[Breach]) -> String {
    const SHOWN: usize = 3;
    let mut shown: Vec<_> = breaches.iter().take(SHOWN).map(Breach::to_string).collect();
    if breaches.len() > SHOWN {
        shown.push(format!("and {} more", breaches.len() - SHOWN));
    }
    shown.join("; ")
}

fn lines(errors: &[TierError]) -> String {
    errors.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n")
}
