use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

use keeper::Place;
use observation::{Diagnosis, Limits, Observation, Request};

use crate::{Checked, Finding, Run, asked, property, timeline};

/// Names the program to test in place of the one that Cargo built.
pub const PROGRAM_VARIABLE: &str = "INTERLEAVE_PROGRAM";

/// Holds the limits of the lesson as JSON, in place of the usual ones.
pub const LIMITS_VARIABLE: &str = "INTERLEAVE_LIMITS";

/// The student's program with the arguments of one run.
#[derive(Clone, Debug)]
pub struct Program {
    request: Request,
    /// Whether it is a driver, which stands on a `stage` and can say when it ends.
    driver: bool,
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
        Self { request, driver: false }
    }

    /// The same, as a lesson's driver.
    ///
    /// If it takes its arguments by `stage::Arguments`, its runs [end well](Run::ends_well) only
    /// if its `main` came to its end.
    pub fn driver(path: impl Into<PathBuf>) -> Self {
        Self { driver: true, ..Self::new(path) }
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

    /// Does without a diagnosis should the run hang, which is dear, and without a thought of who
    /// outside could end it: it is meant to hang.
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

    /// Runs the program and observes it until it ends or is ended. A property that asked for just
    /// this twice before, and saw the same both times, gets what it saw.
    ///
    /// Whatever the program does is data in the [`Run`]. The finding here says that it could
    /// not be run at all, or that it had to be ended for taking more than it may of anything
    /// but time: what it did until then is no evidence of how it would have gone on.
    pub fn run(self) -> Checked<Run> {
        let command = self.command();
        match asked::once_more(&self.request, || observed(&self.request_now())) {
            Ok(mut observation) => {
                let cut_short = self.driver && was_cut_short(&mut observation.stdout.text);
                Run::new(observation, command, timeline::how_to_draw(), cut_short).within_bounds()
            }
            Err(error) => Err(Finding::broken(format!("cannot run the program: {error}"))),
        }
    }

    /// What is asked for by a run at this point of a property.
    fn request_now(&self) -> Request {
        let mut request = self.request.clone();
        if self.driver {
            request.args.extend(["--say-end", "1"].map(str::to_owned));
        }
        if property::is_diagnosed() {
            request.diagnosis = Diagnosis::Verdict;
        }
        request
    }

    /// How a student runs the same.
    fn command(&self) -> String {
        let lesson = std::env::var("CARGO_PKG_NAME").ok();
        let name = lesson.or_else(|| Some(self.request.program.file_name()?.display().to_string()));
        let args: Vec<_> = self.request.args.iter().map(|arg| shortened(arg)).collect();
        format!("cargo run -p {} -- {}", name.unwrap_or_default(), args.join(" "))
    }
}

/// A list of hundreds as nobody types it: its beginning, and how many are left out.
fn shortened(arg: &str) -> String {
    const SHOWN: usize = 10;
    const LONG: usize = 60;
    let items: Vec<_> = arg.split(',').collect();
    if items.len() < LONG {
        return arg.to_owned();
    }
    format!("{},...({} more)", items[..SHOWN].join(","), items.len() - SHOWN)
}

/// What a driver says first and last if it is asked to.
const BEGIN: &str = "stage: main has begun\n";
const END: &str = "stage: main has ended\n";

/// Takes both out of what was `said`. Whether the driver began, and did not come to its end.
///
/// A thread or a process that the student's code left behind may have said something since.
fn was_cut_short(said: &mut String) -> bool {
    if !said.starts_with(BEGIN) {
        return false;
    }
    said.replace_range(..BEGIN.len(), "");
    let Some(at) = said.rfind(END) else { return true };
    said.replace_range(at..at + END.len(), "");
    false
}

/// Runs in the jail if the grader names one, and else as the student's own program.
fn observed(request: &Request) -> Result<Observation, Box<dyn std::error::Error>> {
    match Place::from_environment()? {
        Some(place) => Ok(place.run(request)?),
        None => Ok(observe::observe(request)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_hundreds_is_shown_by_its_beginning() {
        let list = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert_eq!(shortened(&list(59)), list(59));
        assert_eq!(shortened(&list(300)), format!("{},...(290 more)", list(10)));
    }

    #[test]
    fn a_driver_that_began_has_to_end_wherever_it_says_so() {
        let rest = |said: &str| {
            let mut said = said.to_owned();
            (was_cut_short(&mut said), said)
        };
        let whole = |rest: &str| (false, rest.to_owned());
        assert_eq!(
            rest("stage: main has begun\nmain: a\nstage: main has ended\n"),
            whole("main: a\n")
        );
        let late = "stage: main has begun\nno line's endstage: main has ended\nlate: b\n";
        assert_eq!(rest(late), whole("no line's endlate: b\n"));
        assert_eq!(rest("stage: main has begun\nmain: a\n"), (true, "main: a\n".to_owned()));
        // One that does not stand on a stage says neither.
        assert_eq!(rest("main: a\n"), whole("main: a\n"));
    }
}
