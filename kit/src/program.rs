use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

use keeper::Place;
use observation::{Diagnosis, Limits, Observation, Request};

use crate::{Checked, Finding, Run, timeline};

/// Names the program to test in place of the one that Cargo built.
pub const PROGRAM_VARIABLE: &str = "INTERLEAVE_PROGRAM";

/// Holds the limits of the lesson as JSON, in place of the usual ones.
pub const LIMITS_VARIABLE: &str = "INTERLEAVE_LIMITS";

/// The student's program with the arguments of one run.
#[derive(Clone, Debug)]
pub struct Program {
    request: Request,
}

impl Program {
    /// The program at `path`, unless [`PROGRAM_VARIABLE`] names another.
    ///
    /// # Panics
    ///
    /// If [`LIMITS_VARIABLE`] does not hold limits.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = std::env::var_os(PROGRAM_VARIABLE).map_or_else(|| path.into(), PathBuf::from);
        let mut request = Request::new(path);
        if let Ok(limits) = std::env::var(LIMITS_VARIABLE) {
            request.limits =
                serde_json::from_str(&limits).expect("the grader writes limits as JSON");
        }
        Self { request }
    }

    /// Adds `--name value`.
    #[must_use]
    pub fn arg(mut self, name: &str, value: impl Display) -> Self {
        self.request.args.push(format!("--{name}"));
        self.request.args.push(value.to_string());
        self
    }

    /// Adds `--name 3,1,4`.
    #[must_use]
    pub fn list(self, name: &str, values: &[impl Display]) -> Self {
        let values: Vec<_> = values.iter().map(ToString::to_string).collect();
        self.arg(name, values.join(","))
    }

    /// Puts `input` on standard input.
    #[must_use]
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.request.stdin = input.into();
        self
    }

    /// Bounds the wall time of the run, in place of ten seconds.
    #[must_use]
    pub fn within(mut self, wall: Duration) -> Self {
        self.request.limits.wall = wall;
        self
    }

    /// Bounds the processor time of the run, which is the same however busy the machine is.
    #[must_use]
    pub fn using(mut self, cpu: Duration) -> Self {
        self.request.limits.cpu = cpu;
        self
    }

    /// Does without a diagnosis should the run hang, which is dear: it is meant to.
    #[must_use]
    pub fn meant_to_hang(mut self) -> Self {
        self.request.diagnosis = Diagnosis::Verdict;
        self
    }

    /// Bounds the run in every respect.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.request.limits = limits;
        self
    }

    /// Runs the program and observes it until it ends or is ended.
    ///
    /// Whatever the program does is data in the [`Run`]. The finding here says that it could
    /// not be run at all, or that it had to be ended for taking more than it may of anything
    /// but time: what it did until then is no evidence of how it would have gone on.
    pub fn run(self) -> Checked<Run> {
        match observed(&self.request) {
            Ok(observation) => {
                Run::new(observation, self.command(), timeline::how_to_draw()).within_bounds()
            }
            Err(error) => Err(Finding::broken(format!("cannot run the program: {error}"))),
        }
    }

    /// How a student runs the same.
    fn command(&self) -> String {
        let lesson = std::env::var("CARGO_PKG_NAME").ok();
        let name = lesson.or_else(|| Some(self.request.program.file_name()?.display().to_string()));
        let args = self.request.args.join(" ");
        format!("cargo run -p {} -- {args}", name.unwrap_or_default())
    }
}

/// Runs in the jail if the grader names one, and else as the student's own program.
fn observed(request: &Request) -> Result<Observation, Box<dyn std::error::Error>> {
    match Place::from_environment()? {
        Some(place) => Ok(place.run(request)?),
        None => Ok(observe::observe(request)?),
    }
}
