use jail::Confinement;
use observation::{Observation, Request};
use serde::{Deserialize, Serialize};

/// What a keeper is asked to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Job {
    /// What to run.
    pub(crate) request: Request,
    /// Behind which walls.
    pub(crate) confinement: Confinement,
}

/// What a keeper answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// What was seen.
    Observed(Box<Observation>),
    /// Why nothing was.
    Failed(String),
}
