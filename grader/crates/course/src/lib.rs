//! The model of `course.yaml`: units, lessons, tests and what they are worth.
//!
//! Strict, and exact about where a mistake is: every problem of a file is
//! reported at once, with line and column. What was loaded is sound, so nothing
//! that uses a [`Course`] checks it again. Apart from reading the one file in
//! [`load`], nothing here touches the world.

mod check;
mod decode;
#[cfg(feature = "miette")]
mod diagnostic;
mod error;
mod model;
#[cfg(feature = "policies")]
mod moment;
mod names;
mod node;
mod points;
#[cfg(feature = "policies")]
mod policy;
mod read;
#[cfg(feature = "policies")]
mod read_policy;
mod read_value;
mod text;
mod units;

use std::path::Path;
use std::sync::Arc;

#[cfg(feature = "miette")]
pub use diagnostic::CourseDiagnostic;
pub use error::{CourseError, CourseErrors, Problem};
pub use model::{Course, Lesson, Permission, Test, Unit, Visibility};
#[cfg(feature = "policies")]
pub use moment::{Moment, MomentError, Zone, ZoneError};
pub use names::{CourseId, CrateName, LessonId, NameError, StudentFile, TestName, UnitId};
pub use points::{Points, PointsError};
#[cfg(feature = "policies")]
pub use policy::{Attempts, LateStep, Percent, PercentError, Policies, Required};
pub use text::{Hint, Language, Text};
pub use units::{Bytes, UnitError, parse_duration};

use error::Source;

/// The name of the course file, in the root of a course.
pub const FILE: &str = "course.yaml";

/// Reads and checks the `course.yaml` in `root`.
pub fn load(root: &Path) -> Result<Course, CourseError> {
    let path = root.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(parse(&text, &path)?),
        Err(source) => Err(CourseError::Read { path, source }),
    }
}

/// Checks the text of a course file; `path` is for the messages alone.
pub fn parse(text: &str, path: &Path) -> Result<Course, CourseErrors> {
    // Editors do not count a byte order mark, so columns must not either.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = Arc::new(Source { path: path.to_owned(), text: text.to_owned() });
    let root = match node::read(text) {
        Ok(root) => root,
        Err(error) => {
            let problem = Problem::at(&source, error.at, error.message);
            return Err(CourseErrors::new(source, vec![problem]));
        }
    };
    read::course(&root, &source).map_err(|problems| {
        let problems = problems.into_iter();
        let problems = problems.map(|(id, message)| Problem::at_node(&source, id, message));
        CourseErrors::new(Arc::clone(&source), problems.collect())
    })
}

/// The JSON Schema of a course file, from which editors complete and check it.
pub fn schema() -> &'static str {
    include_str!("course.schema.json")
}
