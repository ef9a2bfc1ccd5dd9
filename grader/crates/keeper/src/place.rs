//! Where programs are to be run, and how a test learns of it.

use std::env;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;

use jail::{Artefact, Confinement, Slot, Tier};
use observation::{Observation, Request};
use thiserror::Error;

use crate::resident::Door;
use crate::{Keeper, KeeperError};

/// The environment variables by which a test learns where to run programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The executable of the keeper.
    Keeper,
    /// The tier of its jail: `A`, `B`, `C` or `D`.
    Tier,
    /// The number of the slot.
    Slot,
    /// Where the door of the slot's keeper is: always [`DOOR`].
    Door,
}

/// A door is handed over as standard input, for which every process has a place.
const DOOR: &str = "stdin";

impl Variable {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keeper => "INTERLEAVE_KEEPER",
            Self::Tier => "INTERLEAVE_TIER",
            Self::Slot => "INTERLEAVE_SLOT",
            Self::Door => "INTERLEAVE_DOOR",
        }
    }
}

/// Where programs are to be run: by which keeper, in which tier and slot.
#[derive(Clone, Debug)]
pub struct Place {
    /// The keeper.
    pub keeper: Keeper,
    /// The walls.
    pub tier: Tier,
    /// The slot.
    pub slot: Slot,
}

/// Why the environment does not say where to run programs, although it begins to.
///
/// Never to be taken for leave to run them without walls.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{name} is {value:?}, though {keeper} is set; the grader sets all of them, or none",
    name = variable.name(), keeper = Variable::Keeper.name())]
pub struct PlaceError {
    variable: Variable,
    value: Option<String>,
}

impl Place {
    /// The place that the environment names; none if it names no keeper.
    ///
    /// Without a door the keeper is started when it is needed.
    pub fn from_environment() -> Result<Option<Self>, PlaceError> {
        let value = |variable: Variable| {
            env::var_os(variable.name()).map(|value| value.into_string().unwrap_or_default())
        };
        let Some(named) = Named::read(value)? else { return Ok(None) };
        let Named { executable, tier, slot, has_door } = named;
        let door = has_door.then(|| io::stdin().as_fd().try_clone_to_owned().ok()).flatten();
        let keeper = match door {
            Some(door) => Keeper::behind(Door::new(door), slot, executable),
            None => Keeper::new(executable),
        };
        Ok(Some(Self { keeper, tier, slot }))
    }

    /// Lets `test` run its programs here, when it is started.
    ///
    /// Its standard input is the door of the keeper; in its environment it finds the rest.
    pub fn hand_to(&self, test: &mut Command) -> Result<(), KeeperError> {
        let (door, slot) = self.keeper.door(self.slot)?;
        test.stdin(door).envs(self.environment(slot));
        Ok(())
    }

    fn environment(&self, slot: Slot) -> [(&'static str, String); 4] {
        [
            (Variable::Keeper.name(), self.keeper.executable().display().to_string()),
            (Variable::Tier.name(), self.tier.to_string()),
            (Variable::Slot.name(), slot.0.to_string()),
            (Variable::Door.name(), DOOR.to_owned()),
        ]
    }

    /// Runs the program of `request`, and shows it nothing but itself and the system's
    /// libraries.
    pub fn run(&self, request: &Request) -> Result<Observation, KeeperError> {
        let confinement = Confinement::for_program(self.tier, self.slot, &request.program);
        self.keeper.run(request, &confinement)
    }

    /// Runs the compiler of the toolchain at `sysroot`, which `request` has to call, on
    /// `inputs`, and takes out what it makes.
    ///
    /// It starts in its own empty /tmp and has to make the artefacts there, by their
    /// bare names. An artefact that it did not make is not there afterwards either.
    pub fn compile(
        &self,
        request: &Request,
        sysroot: &Path,
        inputs: impl IntoIterator<Item = PathBuf>,
        artefacts: Vec<Artefact>,
    ) -> Result<Observation, KeeperError> {
        let (tier, slot) = (self.tier, self.slot);
        let confinement = Confinement::for_compiler(tier, slot, sysroot, inputs, artefacts);
        self.keeper.run(request, &confinement)
    }
}

/// What the environment says of a place.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    executable: PathBuf,
    tier: Tier,
    slot: Slot,
    has_door: bool,
}

impl Named {
    fn read(value: impl Fn(Variable) -> Option<String>) -> Result<Option<Self>, PlaceError> {
        let Some(executable) = value(Variable::Keeper) else { return Ok(None) };
        let bad = |variable| PlaceError { variable, value: value(variable) };
        let letter = value(Variable::Tier);
        let tier = Tier::ALL.into_iter().find(|tier| Some(tier.to_string()) == letter);
        let slot = value(Variable::Slot).and_then(|number| number.parse().ok());
        let has_door = match value(Variable::Door).as_deref() {
            None => false,
            Some(DOOR) => true,
            Some(_) => return Err(bad(Variable::Door)),
        };
        Ok(Some(Self {
            executable: executable.into(),
            tier: tier.ok_or_else(|| bad(Variable::Tier))?,
            slot: Slot(slot.ok_or_else(|| bad(Variable::Slot))?),
            has_door,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_the_environment() {
        let place = Place { keeper: Keeper::new("/bin/grader"), tier: Tier::C, slot: Slot(3) };
        let environment = place.environment(place.slot);
        let value = |variable: Variable| {
            let found = environment.iter().find(|(name, _)| *name == variable.name());
            found.map(|(_, value)| value.clone())
        };
        let (executable, tier, slot) = ("/bin/grader".into(), Tier::C, Slot(3));
        let expected = Named { executable, tier, slot, has_door: true };
        assert_eq!(Named::read(value), Ok(Some(expected)));
    }

    #[test]
    fn half_an_environment_is_an_error_and_none_is_none() {
        assert_eq!(Named::read(|_| None), Ok(None));
        let keeper_alone =
            |variable| (variable == Variable::Keeper).then(|| "/bin/grader".to_owned());
        let error = Named::read(keeper_alone).unwrap_err().to_string();
        assert!(error.starts_with("INTERLEAVE_TIER is None"), "{error}");
    }
}
