use std::env;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jail::{Confinement, Slot, Tier};
use observation::{Observation, Request};
use thiserror::Error;

use crate::job::{Answer, Job};
use crate::serve::ARGUMENT;

/// Runs programs in the jail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeper {
    executable: PathBuf,
}

/// Why a program could not be run in the jail. Nothing that the program does is among it.
#[derive(Debug, Error)]
pub enum KeeperError {
    /// There is no keeper.
    #[error("cannot start the keeper {path}: {source}", path = path.display())]
    Start {
        /// The executable.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The keeper was started but not heard of.
    #[error("lost the keeper: {0}; was it killed?")]
    Lost(String),
    /// The keeper could not do what it was asked to.
    #[error("{0}")]
    Failed(String),
}

impl Keeper {
    /// A keeper by its executable, which has to call [`serve`](crate::serve) when its
    /// first argument is [`ARGUMENT`].
    pub fn new(executable: impl Into<PathBuf>) -> Self {
        Self { executable: executable.into() }
    }

    /// The executable.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// Runs and observes a program behind walls. Returns once nothing of it is alive.
    pub fn run(
        &self,
        request: &Request,
        confinement: &Confinement,
    ) -> Result<Observation, KeeperError> {
        let job = Job { request: request.clone(), confinement: confinement.clone() };
        let job = serde_json::to_vec(&job).map_err(|error| KeeperError::Lost(error.to_string()))?;
        let mut keeper = Command::new(&self.executable);
        keeper.arg(ARGUMENT).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped());
        let start = |source| KeeperError::Start { path: self.executable.clone(), source };
        let mut keeper = keeper.spawn().map_err(start)?;
        // It reads the whole job before it says anything.
        let sent = keeper.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(&job));
        let mut answer = Vec::new();
        let heard = keeper.stdout.take().map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut answer));
        let ended = keeper.wait();
        let lost = |error: io::Error| KeeperError::Lost(error.to_string());
        let status = ended.map_err(lost)?;
        sent.and(heard.map(drop)).map_err(lost)?;
        match serde_json::from_slice(&answer) {
            Ok(Answer::Observed(observation)) => Ok(*observation),
            Ok(Answer::Failed(reason)) => Err(KeeperError::Failed(reason)),
            Err(error) => Err(KeeperError::Lost(format!("{status}, {error}"))),
        }
    }
}

/// The environment variables by which a test learns where to run programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The executable of the keeper.
    Keeper,
    /// The tier of its jail: `A`, `B`, `C` or `D`.
    Tier,
    /// The number of the slot.
    Slot,
}

impl Variable {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keeper => "INTERLEAVE_KEEPER",
            Self::Tier => "INTERLEAVE_TIER",
            Self::Slot => "INTERLEAVE_SLOT",
        }
    }
}

/// Where programs are to be run: by which keeper, in which tier and slot.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub fn from_environment() -> Result<Option<Self>, PlaceError> {
        Self::read(|variable| {
            env::var_os(variable.name()).map(|value| value.into_string().unwrap_or_default())
        })
    }

    fn read(value: impl Fn(Variable) -> Option<String>) -> Result<Option<Self>, PlaceError> {
        let Some(executable) = value(Variable::Keeper) else { return Ok(None) };
        let bad = |variable| PlaceError { variable, value: value(variable) };
        let letter = value(Variable::Tier);
        let tier = Tier::ALL.into_iter().find(|tier| Some(tier.to_string()) == letter);
        let slot = value(Variable::Slot).and_then(|number| number.parse().ok());
        Ok(Some(Self {
            keeper: Keeper::new(executable),
            tier: tier.ok_or_else(|| bad(Variable::Tier))?,
            slot: Slot(slot.ok_or_else(|| bad(Variable::Slot))?),
        }))
    }

    /// What to put into the environment of a test that is to run its programs here.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [
            (Variable::Keeper.name(), self.keeper.executable.display().to_string()),
            (Variable::Tier.name(), self.tier.to_string()),
            (Variable::Slot.name(), self.slot.0.to_string()),
        ]
    }

    /// Runs the program of `request`, and shows it nothing but itself and the system's
    /// libraries.
    pub fn run(&self, request: &Request) -> Result<Observation, KeeperError> {
        let confinement = Confinement::for_program(self.tier, self.slot, &request.program);
        self.keeper.run(request, &confinement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_the_environment() {
        let place = Place { keeper: Keeper::new("/bin/grader"), tier: Tier::C, slot: Slot(3) };
        let environment = place.environment();
        let value = |variable: Variable| {
            let found = environment.iter().find(|(name, _)| *name == variable.name());
            found.map(|(_, value)| value.clone())
        };
        assert_eq!(Place::read(value), Ok(Some(place)));
    }

    #[test]
    fn half_an_environment_is_an_error_and_none_is_none() {
        assert_eq!(Place::read(|_| None), Ok(None));
        let keeper_alone =
            |variable| (variable == Variable::Keeper).then(|| "/bin/grader".to_owned());
        let error = Place::read(keeper_alone).unwrap_err().to_string();
        assert!(error.starts_with("INTERLEAVE_TIER is None"), "{error}");
    }
}
