//! Explores a submission: the tests that link the student's code against a model of std.
//!
//! Such a test binary holds the student's code, so it is built for each submission,
//! runs as a student's program does, and is not believed: a test that ends well
//! without its report has not passed.

use std::path::{Path, PathBuf};

use ::explore::Finding as Exploration;
use course::Lesson;
use intake::SourceFile;
use jail::{Artefact, Confinement};
use keeper::Place;
use kit::{Finding, Outcome, Tally};
use observation::{Exit, Limits, Observation, Request, Verdict};

use crate::compile::{CompileError, Compiled, Rustc};
use crate::judge::{JudgeError, Judgement};
use crate::open::open_to_all;
use crate::prepare::{Explored, Extern};
use crate::rooted::rooted;
use crate::toolchain::Toolchain;

/// What came of building a lesson's exploration for one submission.
pub enum Built {
    /// The test binary.
    Binary(PathBuf),
    /// The model of std does not have what the submission uses; the compiler's words.
    Unsupported(String),
}

/// The module of the exploration that the student's file is.
const MODULE: &str = "student";

/// Builds the exploration of a submission whose files already lie in `folder` and compile.
pub fn build(
    toolchain: &Toolchain,
    explored: &Explored,
    files: &[SourceFile],
    folder: &Path,
    place: &Place,
) -> Result<Built, CompileError> {
    let built = compile(toolchain, explored, files, folder, place)?;
    if matches!(built, Built::Binary(_)) {
        return Ok(built);
    }
    // What is private at the root of the student's crate is not to be found at ours.
    let Some(files) = rooted(files, MODULE) else { return Ok(built) };
    let folder = folder.join("rooted");
    crate::compile::write(&files, &folder)?;
    let again = compile(toolchain, explored, &files, &folder, place)?;
    Ok(if matches!(again, Built::Binary(_)) { again } else { built })
}

fn compile(
    toolchain: &Toolchain,
    explored: &Explored,
    files: &[SourceFile],
    folder: &Path,
    place: &Place,
) -> Result<Built, CompileError> {
    let source = folder.join("tests/explored.rs");
    let tests = folder.join("tests");
    let failed = |source| CompileError::File { action: "write to", path: tests.clone(), source };
    std::fs::create_dir_all(&tests).map_err(failed)?;
    std::fs::copy(&explored.source, &source).map_err(failed)?;
    open_to_all(&tests).map_err(failed)?;

    let mut rustc = Rustc::new("bin", "explored", &source, EXPLORED);
    rustc.test();
    rustc.search(&explored.libraries);
    rustc.see(files.iter().map(|file| folder.join(&file.path)));
    // `core` is in reach of every program, and its atomics would not be explored.
    for name in [explored.model.name.as_str(), "core"] {
        let library = explored.model.library.clone();
        rustc.link(&Extern { name: name.to_owned(), library });
    }
    Ok(match rustc.run(toolchain, folder, place)?.refusal()? {
        None => Built::Binary(folder.join(EXPLORED)),
        Some(Compiled::Refused { message, .. }) => Built::Unsupported(message),
        Some(Compiled::Program(binary)) => Built::Binary(binary),
    })
}

/// The name of the test binary.
const EXPLORED: &str = "explored";

/// Bytes that the report of a test may have.
const REPORT: u64 = 16 << 20;

/// Explores the test `name`. What the exploration itself says comes along if it failed.
pub fn judge(
    lesson: &Lesson,
    built: &Built,
    name: &str,
    folder: &Path,
    place: &Place,
) -> Result<(Judgement, Option<Exploration>), JudgeError> {
    match built {
        Built::Binary(binary) => {
            let (seen, report) = run(lesson, binary, name, None, folder, place)?;
            Ok((conclude(lesson, name, &seen, report.as_ref()), report))
        }
        Built::Unsupported(message) => {
            let reason = format!(
                "the schedules cannot be explored: the file does not compile against the model of std\n{message}"
            );
            Ok((Judgement::NotCheckable(reason), None))
        }
    }
}

/// Runs the explored test `name`, or one `schedule` of it, in the jail.
pub fn run(
    lesson: &Lesson,
    binary: &Path,
    name: &str,
    schedule: Option<&str>,
    folder: &Path,
    place: &Place,
) -> Result<(Observation, Option<Exploration>), JudgeError> {
    let mut request = Request::new(binary);
    request.args = [name, "--exact", "--nocapture", "--test-threads=1"].map(str::to_owned).to_vec();
    request.environment.insert("INTERLEAVE_FINDING_FILE_DIR".to_owned(), ".".to_owned());
    if let Some(schedule) = schedule {
        request.environment.insert("INTERLEAVE_REPLAY".to_owned(), schedule.to_owned());
    }
    // Bounded by processor time: how busy the machine is must not decide. Whoever only
    // waits is convicted long before by the explorer itself.
    let cpu = lesson.limits.wall;
    request.limits = Limits { cpu, wall: 6 * cpu, ..lesson.limits };
    let report = format!("{name}.json");
    let to = folder.join(&report);
    let mut confinement = Confinement::for_program(place.tier, place.slot, binary);
    confinement.artefacts.push(Artefact { name: report, to: to.clone(), size: REPORT });
    let broken = |reason: String| JudgeError::Broken { test: name.to_owned(), reason };
    let seen =
        place.keeper.run(&request, &confinement).map_err(|error| broken(error.to_string()))?;
    let report = std::fs::read_to_string(to).ok();
    let report = report.map(|json| serde_json::from_str(&json)).transpose();
    let report = report.map_err(|error| JudgeError::Unreadable {
        test: name.to_owned(),
        message: error.to_string(),
    })?;
    Ok((seen, report))
}

fn conclude(
    lesson: &Lesson,
    name: &str,
    seen: &Observation,
    report: Option<&Exploration>,
) -> Judgement {
    let ended_well = seen.exit == Some(Exit::Code(0));
    match report {
        Some(report) if report.passed() && ended_well => Judgement::Passed,
        Some(report) if !report.passed() => Judgement::Failed(finding(lesson, name, report)),
        Some(_) | None => Judgement::Failed(unreported(seen)),
    }
}

fn finding(lesson: &Lesson, name: &str, report: &Exploration) -> Finding {
    let replay = report.schedule.as_ref().map(|schedule| {
        format!("INTERLEAVE_REPLAY='{schedule}' cargo test -p {} --test explored {name}", lesson.id)
    });
    let (claim, interleaving) = (report.message.clone(), report.interleaving.clone());
    let mut finding = Finding::new(report.verdict, claim).seeing(interleaving);
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let (failed, runs) = (number(report.failures), number(report.schedules));
    finding.tally = Some(Tally { failed, runs });
    finding.wait_for.clone_from(&report.wait_for);
    finding.command = replay;
    finding
}

/// The exploration ended without a report, or not as its report says.
fn unreported(seen: &Observation) -> Finding {
    let (verdict, claim) = match (seen.verdict, seen.exit) {
        (_, Some(Exit::Code(code))) => {
            let claim = format!("the exploration ended with exit code {code} and did not report");
            (Verdict::Tampered, claim)
        }
        (_, Some(Exit::Signal(signal))) => {
            (Verdict::Crash, format!("the exploration was ended by signal {signal}"))
        }
        (verdict, None) => (verdict, format!("the exploration did not end: {}", seen.reason)),
    };
    let finding = Finding::new(verdict, claim).seeing(seen.stderr.text.clone());
    Finding { outcome: Outcome::Failed, ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(exit: Option<Exit>) -> Observation {
        let json = serde_json::json!({
            "schema": observation::SCHEMA, "verdict": "pass", "reason": "", "exit": exit, "hang": null,
            "wall_ms": 1.0, "verdict_ms": null,
            "stdout": {"text": "", "bytes": 0, "truncated": false},
            "stderr": {"text": "", "bytes": 0, "truncated": false},
            "processes": [], "threads": [], "peak_processes": 1, "peak_threads": 1,
            "zombies": 0, "orphans": 0, "leftovers": [],
            "resources": {"user_ms": 0.0, "system_ms": 0.0, "peak_memory": 0,
                "voluntary_switches": 0, "involuntary_switches": 0},
            "wait_for": null, "unsure": [], "confinement": ""
        });
        serde_json::from_value(json).unwrap()
    }

    fn report(verdict: Verdict) -> Exploration {
        let json = serde_json::json!({
            "name": "t", "verdict": verdict, "schedules": 100, "exhaustive": false, "failures": 3,
            "first_failure_at": 7, "scheduler": "urw", "seed": "1", "schedule": "v|1|",
            "message": "a change is lost", "wait_for": null, "interleaving": "main | thread-1"
        });
        serde_json::from_value(json).unwrap()
    }

    fn judged(exit: Exit, report: Option<Exploration>) -> Judgement {
        let course = "course: c
title: { en: C, zh: C }
units:
  - id: u
    title: { en: U, zh: U }
    lessons:
      - id: lock
        title: { en: L, zh: L }
        tests: [{ name: t, points: 1 }]
";
        let course = course::parse(course, Path::new("course.yaml")).unwrap();
        conclude(course.lesson("lock").unwrap(), "t", &observation(Some(exit)), report.as_ref())
    }

    fn verdict(judgement: &Judgement) -> Option<Verdict> {
        match judgement {
            Judgement::Failed(finding) => Some(finding.verdict),
            Judgement::Passed | Judgement::NotCheckable(_) => None,
        }
    }

    #[test]
    fn a_test_passes_only_with_its_report_and_a_good_end() {
        assert_eq!(judged(Exit::Code(0), Some(report(Verdict::Pass))), Judgement::Passed);
        assert_eq!(verdict(&judged(Exit::Code(0), None)), Some(Verdict::Tampered));
        assert_eq!(
            verdict(&judged(Exit::Code(101), Some(report(Verdict::Pass)))),
            Some(Verdict::Tampered)
        );
        assert_eq!(verdict(&judged(Exit::Signal(11), None)), Some(Verdict::Crash));
    }

    #[test]
    fn a_failing_schedule_is_told_with_how_to_see_it_again() {
        let Judgement::Failed(finding) = judged(Exit::Code(101), Some(report(Verdict::Race)))
        else {
            panic!("a race is a failure")
        };
        assert_eq!(finding.verdict, Verdict::Race);
        assert_eq!(finding.tally, Some(Tally { failed: 3, runs: 100 }));
        let command = "INTERLEAVE_REPLAY='v|1|' cargo test -p lock --test explored t";
        assert_eq!(finding.command.as_deref(), Some(command));
    }
}
