//! Where a platform puts things, and what it says about a submission.
//!
//! What a platform says of itself is never needed for a score. If it is missing or makes no
//! sense, that becomes a note, and grading goes on.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use course::LessonId;
use platforms::Platform;
use platforms::classroom50::{Circumstances, Kind};
use platforms::vpl::Range;
use serde_json::Value;

use super::Arguments;

/// One place of grading.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) platform: Platform,
    pub(super) bundle: PathBuf,
    submission: PathBuf,
    /// The file, or the folder of the files, that results go to; none if all goes to standard output.
    pub(super) output: Option<PathBuf>,
    /// Who handed it in.
    pub(super) people: Vec<String>,
    /// What is odd about the platform's own files.
    pub(super) notes: Vec<String>,
}

impl Place {
    pub(super) fn of(arguments: &Arguments) -> anyhow::Result<Self> {
        let platform = arguments.platform;
        let at = |path: &str| arguments.root.join(path);
        let here = || std::env::current_dir().context("cannot tell the current folder");
        let (submission, output) = match platform {
            Platform::Gradescope => {
                (at("autograder/submission"), Some(at("autograder/results/results.json")))
            }
            Platform::PrairieLearn => (at("grade/student"), Some(at("grade/results/results.json"))),
            Platform::Coursera => (at("shared/submission"), Some(at("shared/feedback.json"))),
            Platform::Inginious => (at("task/student"), Some(at(".__output/__feedback.json"))),
            Platform::Autolab | Platform::Vpl | Platform::GithubActions => (here()?, None),
            Platform::Classroom50 => (here()?, Some("result.json".into())),
            Platform::Gitlab => (here()?, Some(".".into())),
            Platform::Submitty => (here()?, Some("validation_results.json".into())),
            Platform::Check50 => (here()?, Some("interleave.json".into())),
            Platform::Exercism => (here()?, Some("results.json".into())),
            // Their servers start this, and say where.
            Platform::CodeRunner | Platform::Xqueue => (here()?, None),
        };
        let output = match (&arguments.output, platform) {
            (Some(given), Platform::Exercism) => Some(given.join("results.json")),
            (Some(given), _) => Some(given.clone()),
            (None, _) => output,
        };
        let mut place = Self {
            platform,
            bundle: arguments.bundle.clone(),
            submission: arguments.submission.clone().unwrap_or(submission),
            output,
            people: Vec::new(),
            notes: Vec::new(),
        };
        place.learn(&arguments.root);
        Ok(place)
    }

    /// The folder of the submission; never an empty one, which is a fault of the platform's.
    pub(super) fn submission(&self) -> anyhow::Result<PathBuf> {
        let folder = self.submission.display();
        let mut entries = std::fs::read_dir(&self.submission)
            .with_context(|| format!("cannot read the submission in {folder}"))?;
        match entries.next() {
            Some(_) => Ok(self.submission.clone()),
            None => bail!("no submission: {folder} is empty"),
        }
    }

    /// Reads what the platform says about the submission.
    fn learn(&mut self, root: &Path) {
        match self.platform {
            Platform::Gradescope => {
                let said = self.read(&root.join("autograder/submission_metadata.json"));
                let users = said.as_ref().and_then(|said| said["users"].as_array());
                let name = |user: &Value| Some(user["name"].as_str()?.to_owned());
                self.people = users.into_iter().flatten().filter_map(name).collect();
                if said.is_some() && self.people.is_empty() {
                    self.notes.push("submission_metadata.json names no user".to_owned());
                }
            }
            Platform::PrairieLearn => _ = self.read(&root.join("grade/data/data.json")),
            Platform::Inginious => self.learn_inginious(root),
            Platform::Classroom50 | Platform::GithubActions => {
                self.people.extend(variable("USERNAME").or_else(|| variable("GITHUB_ACTOR")));
            }
            Platform::Gitlab => self.people.extend(variable("GITLAB_USER_LOGIN")),
            Platform::Vpl => {
                if self.range().is_none() {
                    let odd = "VPL_GRADEMIN and VPL_GRADEMAX do not say which grades there are, so none is given";
                    self.notes.push(odd.to_owned());
                }
            }
            Platform::Autolab
            | Platform::Exercism
            | Platform::Check50
            | Platform::Coursera
            | Platform::Submitty
            | Platform::CodeRunner
            | Platform::Xqueue => {}
        }
        if self.people.len() > 1 {
            let people: Vec<_> = self.people.iter().map(|name| report::printable(name)).collect();
            self.notes.push(format!("handed in together by {}", people.join(", ")));
        }
        if self.people.is_empty() {
            self.people.push("submission".to_owned());
        }
    }

    /// Answers come as text or as files that INGInious' container has written.
    fn learn_inginious(&mut self, root: &Path) {
        let Some(said) = self.read(&root.join(".__input/__inputdata.json")) else { return };
        let input = &said["input"];
        // Those of a group are joined by commas.
        let names = input["@username"].as_str().into_iter().flat_map(|names| names.split(','));
        self.people.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        let answers = input.as_object().into_iter().flatten();
        for (problem, answer) in answers.filter(|(problem, _)| !problem.starts_with('@')) {
            let bytes = match answer {
                Value::String(text) => Some(text.clone().into_bytes()),
                answer => answer["value"].as_str().and_then(|path| std::fs::read(path).ok()),
            };
            // A problem is a lesson by its name; `-` is not allowed there. Others are no problems of ours.
            let lesson = problem.replace('_', "-");
            if lesson.parse::<LessonId>().is_err() {
                continue;
            }
            let path = self.submission.join(lesson).join("src/lib.rs");
            let written = bytes.map(|bytes| {
                std::fs::create_dir_all(path.parent().unwrap_or(root))?;
                std::fs::write(&path, bytes)
            });
            if !matches!(written, Some(Ok(()))) {
                self.notes.push(format!("the answer to `{problem}` could not be read"));
            }
        }
    }

    fn read(&mut self, path: &Path) -> Option<Value> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                self.notes.push(format!("the platform's {name} could not be read ({error})"));
                return None;
            }
        };
        match serde_json::from_str(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.notes.push(format!("the platform's {name} is malformed ({error})"));
                None
            }
        }
    }

    /// The grades of a VPL activity.
    pub(super) fn range(&self) -> Option<Range> {
        Range::read(variable("VPL_GRADEMIN").as_deref(), variable("VPL_GRADEMAX").as_deref())
    }

    /// What Classroom 50's workflow says.
    pub(super) fn circumstances(&self) -> Circumstances {
        let told = |names: &[&str]| {
            names.iter().find_map(|name| variable(name)).unwrap_or_else(|| "unknown".to_owned())
        };
        // Classroom 50 refuses a result of anything but a submission's tag.
        let tag = told(&["SUBMISSION_TAG", "GITHUB_REF_NAME"]);
        let tag = if tag.starts_with("submit/") { tag } else { format!("submit/{tag}") };
        Circumstances {
            classroom: told(&["CLASSROOM", "GITHUB_REPOSITORY_OWNER"]),
            assignment: told(&["ASSIGNMENT", "GITHUB_REPOSITORY"]),
            kind: variable("ASSIGNMENT_TYPE")
                .and_then(|word| Kind::read(&word))
                .unwrap_or_default(),
            owner: told(&["USERNAME", "GITHUB_ACTOR"]),
            submission: tag,
            commit: told(&["COMMIT_URL", "GITHUB_SHA"]),
            release: told(&["RELEASE_URL"]),
            review: told(&["REVIEW_URL"]),
        }
    }
}

/// A variable that is set and not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
