use std::path::{Path, PathBuf};

use observation::Observation;

use crate::PROGRAM_VARIABLE;

/// Names the file that takes a picture of the run in which a test fails, as SVG: a lane for
/// each process and thread, with its birth, its end and what it waited for.
///
/// A path that is not absolute begins at the folder of the lesson.
pub const TIMELINE_VARIABLE: &str = "INTERLEAVE_TIMELINE";

/// How a student has the test that runs on this thread draw what happens. The grader draws
/// it by itself.
pub(crate) fn how_to_draw() -> Option<String> {
    if std::env::var_os(PROGRAM_VARIABLE).is_some() {
        return None;
    }
    let lesson = std::env::var("CARGO_PKG_NAME").ok()?;
    let binary = std::env::current_exe().ok()?;
    let thread = std::thread::current();
    Some(command(&lesson, &binary, thread.name()))
}

fn command(lesson: &str, binary: &Path, test: Option<&str>) -> String {
    let name = binary.file_stem().unwrap_or_default().to_string_lossy();
    // Cargo adds a number to the name of a test target.
    let target = name.rsplit_once('-').map_or(&*name, |(target, _)| target);
    // libtest names the thread after the test, unless there is only one thread.
    let test = test.filter(|test| *test != "main").map(|test| format!(" -- --exact {test}"));
    let test = test.unwrap_or_default();
    format!("{TIMELINE_VARIABLE}=run.svg cargo test -p {lesson} --test {target}{test}")
}

/// Draws a run if the environment asks for that. Returns where the picture is, or why there
/// is none.
pub(crate) fn draw(run: &Observation) -> Option<Result<PathBuf, String>> {
    let path = PathBuf::from(std::env::var_os(TIMELINE_VARIABLE)?);
    let path = std::path::absolute(&path).unwrap_or(path);
    let drawn = std::fs::write(&path, picture::timeline(run));
    let failed = |error| format!("cannot draw the run in {}: {error}", path.display());
    Some(drawn.map(|()| path.clone()).map_err(failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_the_one_test() {
        let binary = Path::new("/course/target/debug/deps/fifo_queue-0123456789abcdef");
        assert_eq!(
            command("fifo-queue", binary, Some("nothing_is_lost")),
            "INTERLEAVE_TIMELINE=run.svg cargo test -p fifo-queue --test fifo_queue \
             -- --exact nothing_is_lost"
        );
        assert_eq!(
            command("fifo-queue", binary, Some("main")),
            "INTERLEAVE_TIMELINE=run.svg cargo test -p fifo-queue --test fifo_queue"
        );
    }
}
