//! The exit codes, all of them, and how a failure is explained.

use std::process::{ExitCode, Termination};

use course::{CourseError, CourseErrors};
use engine::grade::SetupError;
use engine::prepare::PrepareError;

/// How the grader ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was graded, or the course is sound.
    Done,
    /// `course check` found the course unsound.
    Unsound,
    /// `explore` found a failing test, `replay` did not reproduce its failure, or a job of a CI system
    /// has less than full marks.
    Found,
    /// Wrong usage, or a course that cannot be used.
    Usage,
    /// Something could not be graded, or its result not be written.
    NotGradable,
}

/// The codes as `--help` shows them.
pub(crate) const HELP: &str = "\
Exit codes:
  0  everything was graded, whatever the grades
  1  `course check` found the course unsound, `explore` found a failing test,
     `replay` did not see the failure again, or `at` shows a CI job less than full marks
  2  wrong usage, or a course that cannot be used
  3  something could not be graded, or its result not be written";

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unsound | Self::Found => 1,
            Self::Usage => 2,
            Self::NotGradable => 3,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.code().into()
    }
}

/// Whoever reads what is printed may stop reading, as `head` does: then the grader ends, like any
/// other program, and does not call that a mistake of its own.
pub(crate) fn quietly_without_a_reader() {
    let otherwise = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload_as_str().unwrap_or_default();
        if said.starts_with("failed printing to stdout") && said.contains("Broken pipe") {
            // What a shell shows for a program that SIGPIPE has ended.
            std::process::exit(128 + 13);
        }
        otherwise(panic);
    }));
}

/// Prints why nothing was done; course files with an excerpt of each mistake.
pub(crate) fn explain(error: anyhow::Error) -> Exit {
    match diagnostic(error) {
        Ok(report) => eprintln!("{report:?}"),
        Err(error) => eprintln!("error: {}", in_full(&error)),
    }
    Exit::Usage
}

/// An error with its causes; a cause that its error already tells is not told again.
pub(crate) fn in_full(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            // An error may end with a question about its cause.
            let joint = if text.ends_with('?') { " " } else { ": " };
            text = format!("{text}{joint}{cause}");
        }
    }
    text
}

fn diagnostic(error: anyhow::Error) -> Result<miette::Report, anyhow::Error> {
    let error = match error.downcast::<CourseError>() {
        Ok(error @ CourseError::Invalid(_)) => return Ok(error.into_report()),
        Ok(error) => return Err(error.into()),
        Err(error) => error,
    };
    match error.downcast::<SetupError>() {
        Ok(SetupError::Prepare(PrepareError::Tests(errors))) => Ok(render(errors)),
        Ok(error) => Err(error.into()),
        Err(error) => Err(error),
    }
}

fn render(errors: CourseErrors) -> miette::Report {
    errors.into_diagnostic().into()
}
