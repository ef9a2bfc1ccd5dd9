use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jail::{Confinement, Slot};
use observation::{Observation, Request};
use thiserror::Error;

use crate::claim::{Claim, ClaimError};
use crate::job::{Answer, Job};
use crate::resident::{AskError, Door, Resident};

/// How often a job is tried whose keeper dies of it.
const ATTEMPTS: u32 = 3;

/// Runs programs in the jail, by one resident process for each slot.
///
/// The processes are started when they are first needed, and end with the last clone.
/// Jobs in the same slot must not run at the same time. Where slots have users, a slot that
/// another grader holds is replaced by a free one, so its number is this keeper's own.
#[derive(Clone, Debug)]
pub struct Keeper {
    executable: PathBuf,
    /// What starts the executable: a command to which it is an argument, or nothing.
    through: Vec<OsString>,
    residents: Arc<Mutex<BTreeMap<Slot, Resident>>>,
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
    /// There is no slot for it.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The keeper was started but not heard of.
    #[error("lost the keeper {ATTEMPTS} times: {0}; was it killed, or is this host too busy?")]
    Lost(String),
    /// The keeper could not do what it was asked to.
    #[error("{0}")]
    Failed(String),
}

/// How long a job may take: more than the observer gives the program by far, so that a job
/// that takes longer has got stuck.
fn bound(request: &Request) -> Duration {
    8 * request.limits.wall + Duration::from_secs(10)
}

impl Keeper {
    /// A keeper by its executable, which has to begin with
    /// [`serve_if_asked`](crate::serve_if_asked).
    pub fn new(executable: impl Into<PathBuf>) -> Self {
        Self::through([], executable)
    }

    /// The same, started by a command that runs what its last arguments say.
    pub fn through(
        command: impl IntoIterator<Item = OsString>,
        executable: impl Into<PathBuf>,
    ) -> Self {
        Self {
            executable: executable.into(),
            through: command.into_iter().collect(),
            residents: Arc::default(),
        }
    }

    /// A keeper whose process for `slot` somebody else started, behind this door.
    pub(crate) fn behind(door: Door, slot: Slot, executable: PathBuf) -> Self {
        let keeper = Self::new(executable);
        keeper.with_residents(|residents| residents.insert(slot, Resident::behind(door, slot)));
        keeper
    }

    /// The executable.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// The number of the process of `slot`, if this has started one.
    pub fn process(&self, slot: Slot) -> Option<u32> {
        self.with_residents(|residents| residents.get(&slot)?.id())
    }

    /// Runs and observes a program behind walls. Returns once nothing of it is alive.
    pub fn run(
        &self,
        request: &Request,
        confinement: &Confinement,
    ) -> Result<Observation, KeeperError> {
        let mut job = Job { request: request.clone(), confinement: confinement.clone() };
        let mut lost = String::new();
        for _ in 0..ATTEMPTS {
            match self.ask(confinement.slot, &mut job)? {
                Ok(Answer::Observed(observation)) => return Ok(*observation),
                Ok(Answer::Failed(reason)) => return Err(KeeperError::Failed(reason)),
                // It was nobody's fault that we know of, and left nothing.
                Err(reason) => lost = reason,
            }
        }
        Err(KeeperError::Lost(lost))
    }

    /// Another end of the door to the process of `slot`, for a process that is to run
    /// programs there, and the slot that it is in.
    pub(crate) fn door(&self, slot: Slot) -> Result<(OwnedFd, Slot), KeeperError> {
        let (door, slot) = self.resident(slot)?;
        Ok((door.share().map_err(|source| self.start_error(source))?, slot))
    }

    /// What the process of `slot` answers to `job`, or how it was lost.
    fn ask(&self, slot: Slot, job: &mut Job) -> Result<Result<Answer, String>, KeeperError> {
        let asked = match self.hand_in(slot, job)? {
            // Nobody had the job, so nobody has died of it. The next one is new.
            Err(AskError::Gone(_)) => self.hand_in(slot, job)?,
            asked => asked,
        };
        match asked {
            Ok(answer) => Ok(serde_json::from_slice(&answer).map_err(|error| error.to_string())),
            Err(AskError::Gone(source) | AskError::Lost(source)) => Ok(Err(source.to_string())),
            Err(AskError::Host(source)) => Err(self.start_error(source)),
        }
    }

    /// Asks whoever is in `slot` now, who is forgotten if that is nobody any more.
    fn hand_in(&self, slot: Slot, job: &mut Job) -> Result<Result<Vec<u8>, AskError>, KeeperError> {
        let (door, held) = self.resident(slot)?;
        job.confinement.slot = held;
        let bytes =
            serde_json::to_vec(job).map_err(|error| KeeperError::Failed(error.to_string()))?;
        let asked = door.ask(&bytes, bound(&job.request));
        if let Err(AskError::Gone(_)) = asked {
            self.with_residents(|residents| residents.remove(&slot));
        }
        Ok(asked)
    }

    /// The door to the process of `slot`, and the slot that it has to itself.
    fn resident(&self, slot: Slot) -> Result<(Door, Slot), KeeperError> {
        let behind = |resident: &Resident| (resident.door(), resident.slot());
        let known = self.with_residents(|residents| {
            residents.retain(|_, resident| resident.lives());
            residents.get(&slot).map(behind)
        });
        if let Some(known) = known {
            return Ok(known);
        }
        // From its start on the process alone holds the claim.
        let claim = Claim::near(slot)?;
        let resident = Resident::start(self.command(), &claim);
        let resident = resident.map_err(|error| self.start_error(error))?;
        let started = behind(&resident);
        self.with_residents(|residents| residents.insert(slot, resident));
        Ok(started)
    }

    fn with_residents<T>(&self, work: impl FnOnce(&mut BTreeMap<Slot, Resident>) -> T) -> T {
        // What is in there is whole at all times.
        work(&mut self.residents.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn command(&self) -> Command {
        let executable = self.executable.as_os_str();
        match self.through.split_first() {
            None => Command::new(executable),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(executable);
                command
            }
        }
    }

    fn start_error(&self, source: io::Error) -> KeeperError {
        KeeperError::Start { path: self.executable.clone(), source }
    }
}
