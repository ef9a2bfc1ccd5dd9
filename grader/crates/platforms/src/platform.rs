use std::fmt;
use std::str::FromStr;

/// Where a lesson can be graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Gradescope.
    Gradescope,
    /// PrairieLearn.
    PrairieLearn,
    /// Autolab.
    Autolab,
    /// Moodle's Virtual Programming Lab.
    Vpl,
    /// Moodle's CodeRunner.
    CodeRunner,
    /// Classroom 50.
    Classroom50,
    /// GitHub Actions without a classroom.
    GithubActions,
    /// GitLab CI.
    Gitlab,
    /// Exercism.
    Exercism,
    /// CS50's check50.
    Check50,
    /// Coursera.
    Coursera,
    /// Submitty.
    Submitty,
    /// INGInious.
    Inginious,
    /// edX, by its queue.
    Xqueue,
}

impl Platform {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 14] = [
        Self::Gradescope,
        Self::PrairieLearn,
        Self::Autolab,
        Self::Vpl,
        Self::CodeRunner,
        Self::Classroom50,
        Self::GithubActions,
        Self::Gitlab,
        Self::Exercism,
        Self::Check50,
        Self::Coursera,
        Self::Submitty,
        Self::Inginious,
        Self::Xqueue,
    ];

    /// The word for it on the command line, in templates and in the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gradescope => "gradescope",
            Self::PrairieLearn => "prairielearn",
            Self::Autolab => "autolab",
            Self::Vpl => "vpl",
            Self::CodeRunner => "coderunner",
            Self::Classroom50 => "classroom50",
            Self::GithubActions => "github-actions",
            Self::Gitlab => "gitlab",
            Self::Exercism => "exercism",
            Self::Check50 => "check50",
            Self::Coursera => "coursera",
            Self::Submitty => "submitty",
            Self::Inginious => "inginious",
            Self::Xqueue => "xqueue",
        }
    }

    /// One line for a list: what is made.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Gradescope => "a zip to upload as the autograder of an assignment",
            Self::PrairieLearn => "a question folder and the recipe of its grading image",
            Self::Autolab => "autograde-Makefile and autograde.tar of an assessment",
            Self::Vpl => {
                "execution files of a Moodle VPL activity, and a folder for its jail server"
            }
            Self::CodeRunner => "a Moodle CodeRunner question, graded through `grader jobe`",
            Self::Classroom50 => "an autograder folder for Classroom 50",
            Self::GithubActions => {
                "a workflow for plain GitHub Actions: annotations and job summary"
            }
            Self::Gitlab => "a .gitlab-ci.yml with JUnit and code quality reports",
            Self::Exercism => "a test runner of Exercism's interface, version 3",
            Self::Check50 => "a slug folder for CS50's check50",
            Self::Coursera => "the recipe of a Coursera grading container",
            Self::Submitty => "the autograding configuration of a Submitty gradeable",
            Self::Inginious => "a task folder and the recipe of its container",
            Self::Xqueue => "a service that pulls submissions from edX's XQueue",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPlatform(pub String);

impl fmt::Display for UnknownPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = Platform::ALL.iter().map(|platform| platform.as_str()).collect();
        write!(f, "`{}` is no platform; there are: {}", self.0, known.join(", "))
    }
}

impl std::error::Error for UnknownPlatform {}

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Self, UnknownPlatform> {
        let named = Self::ALL.into_iter().find(|platform| platform.as_str() == text);
        named.ok_or_else(|| UnknownPlatform(text.to_owned()))
    }
}
