//! Turns a submission into a program, by calling rustc on its files alone.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use course::{Lesson, Permission};
use intake::SourceFile;
use jail::Artefact;
use keeper::{KeeperError, Place};
use observation::{Diagnosis, Exit, HangKind, Limits, Observation, Request, Verdict};
use serde::Deserialize;
use thiserror::Error;

use crate::open::open_to_all;
use crate::prepare::{Extern, Prepared};
use crate::toolchain::Toolchain;

/// What came of compiling a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compiled {
    /// An executable.
    Program(PathBuf),
    /// The student's fault: `does-not-compile`, `forbidden` or `limit`, and what to tell them.
    Refused {
        /// Which.
        verdict: Verdict,
        /// The compiler's own words, in the student's lines.
        message: String,
    },
}

/// Why a submission could not be compiled through no fault of its author.
#[derive(Debug, Error)]
pub enum CompileError {
    /// The file system failed us.
    #[error("cannot {action} {path}: {source}; is the disk full?", path = path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The compiler could not be started.
    #[error("cannot run the compiler: {0}")]
    Run(#[from] KeeperError),
    /// Somebody killed the compiler, and it was not for a limit of ours.
    #[error(
        "the compiler was killed; this machine or container has too little memory, give it more"
    )]
    Killed,
    /// The compiler cannot read what we compile submissions with.
    #[error(
        "the compiler cannot read a file of the course: {0}; can every user read it, and the folder \
         that it is in?"
    )]
    Unreadable(String),
    /// The compiler failed without saying why.
    #[error("the compiler failed without a diagnostic: {0}")]
    Silent(String),
}

/// The bounds within which rustc works; compile-time bombs end at them.
const LIMITS: Limits = Limits {
    wall: Duration::from_secs(60),
    cpu: Duration::from_secs(60),
    memory: 8 << 30,
    processes: 64,
    output: 4 << 20,
    file_size: 256 << 20,
};

/// SIGKILL.
const KILLED: i32 = 9;

/// How often the compiler has to crash before the file is blamed.
const CRASHES: u32 = 3;

/// Diagnostics that are shown; the rest is counted.
const SHOWN: usize = 5;

/// Bytes that a compiled library or program may have.
const ARTEFACT: u64 = 256 << 20;

/// Compiles `files` against the driver of `lesson` in the empty folder `folder`.
pub fn compile(
    toolchain: &Toolchain,
    lesson: &Lesson,
    prepared: &Prepared,
    files: &[SourceFile],
    folder: &Path,
    place: &Place,
) -> Result<Compiled, CompileError> {
    let sources = write(files, folder)?;
    let library = format!("lib{}.rlib", prepared.crate_name);
    let mut student =
        Rustc::new("rlib", &prepared.crate_name, &folder.join("src/lib.rs"), &library);
    student.search(&prepared.libraries);
    student.see(sources);
    let allowed = |library: &&Extern| {
        lesson.crates.iter().any(|allowed| allowed.as_str().replace('-', "_") == library.name)
    };
    prepared.externs.iter().filter(allowed).for_each(|library| student.link(library));
    if lesson.unsafe_code == Permission::Forbidden {
        student.args.extend(["-F".into(), "unsafe_code".into()]);
    }
    if let Some(refusal) = student.run(toolchain, folder, place)?.refusal()? {
        return Ok(refusal);
    }

    let mut driver = Rustc::new("bin", "driver", &prepared.driver, "program");
    driver.search(&prepared.libraries);
    driver.see(prepared.acts());
    prepared.externs.iter().for_each(|library| driver.link(library));
    driver.link(&Extern { name: prepared.crate_name.clone(), library: folder.join(&library) });
    Ok(match driver.run(toolchain, folder, place)?.refusal()? {
        None => Compiled::Program(folder.join("program")),
        // The driver compiles against the stub, so what it misses is the student's.
        Some(Compiled::Refused { verdict, message }) => Compiled::Refused {
            verdict,
            message: format!(
                "the driver does not compile against your file; keep the signatures of the stub\n{}",
                prepared.seen_from_the_exercise(&message)
            ),
        },
        Some(program) => program,
    })
}

/// Writes the submission's files; returns where.
pub(crate) fn write(files: &[SourceFile], folder: &Path) -> Result<Vec<PathBuf>, CompileError> {
    let write = |file: &SourceFile| {
        let path = folder.join(&file.path);
        let failed = |source| CompileError::File { action: "write", path: path.clone(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(&path, &file.text).map_err(failed)?;
        Ok(path)
    };
    let written = files.iter().map(write).collect::<Result<_, CompileError>>()?;
    let failed = |source| CompileError::File { action: "open", path: folder.to_owned(), source };
    open_to_all(folder).map_err(failed)?;
    Ok(written)
}

/// One call of rustc: in the jail, with nothing in sight but what it is given.
pub(crate) struct Rustc {
    args: Vec<String>,
    inputs: Vec<PathBuf>,
    output: String,
}

impl Rustc {
    /// Compiles `source` to a file called `output`.
    pub(crate) fn new(kind: &str, name: &str, source: &Path, output: &str) -> Self {
        let args = [
            "--edition=2024",
            "--error-format=json",
            "-Cdebuginfo=full",
            "-Cforce-frame-pointers=yes",
            "-Ccodegen-units=1",
            // For link-time optimisation, of which there is none.
            "-Cembed-bitcode=no",
            // Warnings are for students to read, not for the grader to wait for.
            "-Awarnings",
            "--crate-type",
            kind,
            "--crate-name",
            name,
            "-o",
            output,
        ];
        let mut args: Vec<String> = args.into_iter().map(str::to_owned).collect();
        args.push(source.display().to_string());
        Self { args, inputs: vec![source.to_owned()], output: output.to_owned() }
    }

    /// Builds the tests in it, in place of a main function. What they find they know without
    /// debug information, which is most of what the linker would write. What a student's
    /// `deny(warnings)` would refuse here, such as a function that only main.rs could use, is none
    /// of the student's.
    pub(crate) fn test(&mut self) {
        let args = ["--test", "-Cdebuginfo=none", "-Cstrip=debuginfo", "-Cforce-frame-pointers=no"];
        self.args.extend(args.map(str::to_owned));
        self.args.push("--cap-lints=allow".to_owned());
    }

    /// Lets it look for the libraries behind libraries in `folder`.
    pub(crate) fn search(&mut self, folder: &Path) {
        self.args.push(format!("-Ldependency={}", folder.display()));
        self.inputs.push(folder.to_owned());
    }

    /// Lets it read `files`, or all that is in a folder.
    pub(crate) fn see(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        self.inputs.extend(files);
    }

    /// Lets the source name `library`.
    pub(crate) fn link(&mut self, library: &Extern) {
        self.args.push("--extern".to_owned());
        self.args.push(format!("{}={}", library.name, library.library.display()));
        self.inputs.push(library.library.clone());
    }

    /// Runs it in `place`; what it makes goes into `folder`, where the submission is.
    pub(crate) fn run(
        mut self,
        toolchain: &Toolchain,
        folder: &Path,
        place: &Place,
    ) -> Result<Outcome, CompileError> {
        // Students know their file by its name in the exercise.
        self.args.push(format!("--remap-path-prefix={}/=", folder.display()));
        // The linker is looked up on the path; nothing else of our environment matters.
        let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
        let environment =
            BTreeMap::from([("PATH".to_owned(), path.to_string_lossy().into_owned())]);
        let request = Request {
            program: toolchain.rustc().to_owned(),
            args: self.args,
            environment,
            directory: None,
            stdin: Vec::new(),
            limits: LIMITS,
            diagnosis: Diagnosis::Verdict,
        };
        self.inputs.sort();
        self.inputs.dedup();
        let to = folder.join(&self.output);
        let artefact = Artefact { name: self.output, to, size: ARTEFACT };
        // A file that crashes the compiler does so each time; a crash that does not come
        // again was not the file's fault.
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (inputs, artefacts) = (self.inputs.clone(), vec![artefact.clone()]);
            let observation = place.compile(&request, toolchain.sysroot(), inputs, artefacts)?;
            let crashed = matches!(observation.exit, Some(Exit::Signal(_)));
            if !crashed || attempts == CRASHES {
                return Ok(Outcome { observation, inputs: self.inputs });
            }
        }
    }
}

/// What rustc did.
pub(crate) struct Outcome {
    observation: Observation,
    inputs: Vec<PathBuf>,
}

impl Outcome {
    /// None if it compiled.
    pub(crate) fn refusal(&self) -> Result<Option<Compiled>, CompileError> {
        let seen = &self.observation;
        if seen.exit == Some(Exit::Code(0)) {
            return Ok(None);
        }
        if let Some(hang) = &seen.hang {
            let message = match hang.kind {
                HangKind::Limit(_) => format!("the compiler took too much: {}", hang.evidence),
                HangKind::Timeout | HangKind::Livelock | HangKind::Deadlock => {
                    format!("the compiler ran out of time: {}", hang.evidence)
                }
            };
            return Ok(Some(Compiled::Refused { verdict: Verdict::Limit, message }));
        }
        let errors = errors(&seen.stderr.text);
        if errors.is_empty() {
            // No limit of ours, and no signal that a compiler gets by itself: the host ran out of memory.
            if seen.exit == Some(Exit::Signal(KILLED)) {
                return Err(CompileError::Killed);
            }
            if let Some(Exit::Signal(signal)) = seen.exit {
                let message = format!("the compiler crashed (signal {signal}) on this file");
                return Ok(Some(Compiled::Refused { verdict: Verdict::DoesNotCompile, message }));
            }
            return Err(CompileError::Silent(seen.stderr.text.clone()));
        }
        if let Some(said) = errors.iter().find_map(|error| error.of_our_files(&self.inputs)) {
            return Err(CompileError::Unreadable(said.to_owned()));
        }
        Ok(Some(refused(&errors)))
    }
}

/// One error of rustc's.
#[derive(Debug, Deserialize)]
struct Diagnostic {
    level: String,
    code: Option<Code>,
    rendered: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

impl Diagnostic {
    fn is_about(&self, lint: &str) -> bool {
        self.code.as_ref().is_some_and(|code| code.code == lint)
    }

    /// What it says about one of `inputs` that it may not read, or a library that is not where it was
    /// said to be. Whoever makes the compiler say this on purpose gets no score, and so gains nothing.
    fn of_our_files(&self, inputs: &[PathBuf]) -> Option<&str> {
        let first = self.rendered.as_deref()?.lines().next()?.strip_prefix("error: ")?;
        let refused = first.strip_prefix("couldn't read `").and_then(|rest| rest.split_once('`'));
        let refused = refused.filter(|(_, why)| why.contains("Permission denied"));
        let is_ours = |path: &str| inputs.iter().any(|input| Path::new(path).starts_with(input));
        let ours = first.starts_with("extern location for ")
            || refused.is_some_and(|(path, _)| is_ours(path));
        ours.then_some(first)
    }

    /// The closing "aborting due to 3 previous errors" has no code and no place of its own.
    fn is_closing(&self) -> bool {
        self.code.is_none()
            && self
                .rendered
                .as_deref()
                .is_some_and(|text| text.starts_with("error: aborting due to"))
    }
}

fn errors(stderr: &str) -> Vec<Diagnostic> {
    let messages = stderr.lines().filter_map(|line| serde_json::from_str::<Diagnostic>(line).ok());
    messages.filter(|message| message.level.starts_with("error") && !message.is_closing()).collect()
}

fn refused(errors: &[Diagnostic]) -> Compiled {
    let forbidden = errors.iter().all(|error| error.is_about("unsafe_code"));
    let verdict = if forbidden { Verdict::Forbidden } else { Verdict::DoesNotCompile };
    let shown = errors.iter().take(SHOWN).filter_map(|error| error.rendered.as_deref());
    let mut message = shown.collect::<Vec<_>>().join("");
    if errors.len() > SHOWN {
        message.push_str(&format!("... and {} more errors", errors.len() - SHOWN));
    }
    Compiled::Refused { verdict, message: message.trim_end().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(level: &str, code: &str, rendered: &str) -> String {
        format!(r#"{{"level":"{level}","code":{code},"rendered":"{rendered}"}}"#)
    }

    fn verdict(stderr: &str) -> (Verdict, String) {
        let Compiled::Refused { verdict, message } = refused(&errors(stderr)) else {
            unreachable!()
        };
        (verdict, message)
    }

    #[test]
    fn the_students_errors_are_shown_and_warnings_are_not() {
        let lines = [
            diagnostic("warning", "null", "warning: unused"),
            diagnostic("error", r#"{"code":"E0308"}"#, "error[E0308]: mismatched types"),
            diagnostic("error", "null", "error: aborting due to 1 previous error"),
        ];
        let (verdict, message) = verdict(&lines.join("\n"));
        assert_eq!(verdict, Verdict::DoesNotCompile);
        assert_eq!(message, "error[E0308]: mismatched types");
    }

    #[test]
    fn code_that_only_lacks_permission_is_forbidden() {
        let unsafe_code =
            diagnostic("error", r#"{"code":"unsafe_code"}"#, "usage of an `unsafe` block");
        assert_eq!(verdict(&unsafe_code).0, Verdict::Forbidden);
    }

    #[test]
    fn a_library_of_ours_that_is_missing_is_not_the_students_fault() {
        let said = diagnostic("error", "null", "error: extern location for nix does not exist: /x");
        let missing = errors(&said)[0].of_our_files(&[]).map(str::to_owned);
        assert_eq!(missing.as_deref(), Some("extern location for nix does not exist: /x"));
        let other = diagnostic("error", "null", "error: cannot find extern location for nix");
        assert_eq!(errors(&other)[0].of_our_files(&[]), None);
    }

    #[test]
    fn a_file_of_ours_that_may_not_be_read_is_not_the_students_fault() {
        let said = |path: &str, why: &str| {
            let said = format!("error: couldn't read `{path}`: {why}");
            errors(&diagnostic("error", "null", &said)).remove(0)
        };
        let ours = [PathBuf::from("/course/main.rs"), PathBuf::from("/course/acts")];
        let is_ours = |path, why| said(path, why).of_our_files(&ours).is_some();
        assert!(is_ours("/course/acts/mod.rs", "Permission denied (os error 13)"));
        assert!(!is_ours("/course/main.rs", "stream did not contain valid UTF-8"));
        assert!(!is_ours("/etc/shadow", "Permission denied (os error 13)"));
    }

    fn ended_by(signal: i32) -> Result<Option<Compiled>, CompileError> {
        let json = serde_json::json!({
            "schema": observation::SCHEMA, "verdict": "crash", "reason": "", "exit": Exit::Signal(signal),
            "hang": null, "wall_ms": 1.0, "verdict_ms": null,
            "stdout": {"text": "", "bytes": 0, "truncated": false},
            "stderr": {"text": "", "bytes": 0, "truncated": false},
            "processes": [], "threads": [], "peak_processes": 1, "peak_threads": 1,
            "zombies": 0, "orphans": 0, "leftovers": [],
            "resources": {"user_ms": 0.0, "system_ms": 0.0, "peak_memory": 0,
                "voluntary_switches": 0, "involuntary_switches": 0},
            "wait_for": null, "unsure": [], "confinement": ""
        });
        Outcome { observation: serde_json::from_value(json).unwrap(), inputs: vec![] }.refusal()
    }

    #[test]
    fn a_compiler_that_the_host_killed_is_not_the_students_fault() {
        assert!(matches!(ended_by(KILLED), Err(CompileError::Killed)));
        assert!(matches!(ended_by(11), Ok(Some(Compiled::Refused { .. }))));
    }

    #[test]
    fn a_flood_of_errors_is_counted() {
        let one = diagnostic("error", "null", "e");
        let lines: Vec<_> = (0..20).map(|_| one.clone()).collect();
        assert!(verdict(&lines.join("\n")).1.ends_with("... and 15 more errors"));
    }
}
