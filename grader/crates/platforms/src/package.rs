//! What a platform takes, as data: files from templates, where the lessons go, what is archived.

use course::{Language, Lesson, Visibility};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Platform, text};

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it goes, seen from the package.
    pub path: String,
    /// What is in it.
    pub text: String,
    /// Whether it is run.
    pub executable: bool,
}

/// How lessons get to a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The folder that gets the grader, the tests and the libraries, seen from the package.
    pub bundle: &'static str,
    /// The folder that is packed into the archive of this name, and is not part of the package itself.
    pub archive: Option<(&'static str, Archive)>,
}

/// A form of archives; its name is the folder's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archive {
    /// `<folder>.zip`.
    Zip,
    /// `<folder>.tar`.
    Tar,
    /// `<folder>.tar.gz`.
    TarGz,
}

/// A lesson to package.
#[derive(Clone, Debug)]
pub struct Packed<'a> {
    /// The lesson.
    pub lesson: &'a Lesson,
    /// The file that students begin with.
    pub stub: String,
}

/// All that templates know besides the lessons.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The compiler, as it names itself.
    pub toolchain: String,
    /// The version of the C library that is needed: `2.34`.
    pub glibc: String,
    /// Seconds after which the platform ends a run.
    pub limit: u64,
    /// Of the archive, in hexadecimal; empty without one.
    pub sha256: String,
}

impl Platform {
    /// Where things go in a package.
    pub fn layout(self) -> Layout {
        let (bundle, archive) = match self {
            Self::Gradescope => ("autograder/interleave", Some(("autograder", Archive::Zip))),
            Self::Autolab => ("autograde/interleave", Some(("autograde", Archive::Tar))),
            Self::Classroom50 | Self::GithubActions => {
                ("interleave/interleave", Some(("interleave", Archive::TarGz)))
            }
            Self::PrairieLearn | Self::Gitlab | Self::Inginious | Self::Submitty => {
                ("image/interleave", None)
            }
            Self::Vpl => ("jail/interleave", None),
            Self::CodeRunner => ("server/interleave", None),
            Self::Check50 => ("interleave", None),
            Self::Exercism | Self::Coursera | Self::Xqueue => ("interleave", None),
        };
        Layout { bundle, archive }
    }

    /// Seconds that a run may take there unless somebody says otherwise: the platform's own default,
    /// or what the exported configuration asks for.
    pub fn limit(self) -> u64 {
        match self {
            Self::Exercism => 20,
            Self::CodeRunner => 60,
            Self::Check50 => 120,
            Self::Vpl => 240,
            // Open edX hands a submission out again after five minutes.
            Self::Xqueue => 280,
            Self::PrairieLearn | Self::Autolab | Self::Inginious | Self::Submitty => 300,
            Self::Gradescope
            | Self::Classroom50
            | Self::GithubActions
            | Self::Gitlab
            | Self::Coursera => 600,
        }
    }
}

struct Template {
    path: &'static str,
    text: &'static str,
    executable: bool,
}

macro_rules! template {
    ($path:literal, $file:literal) => {
        Template {
            path: $path,
            text: include_str!(concat!("../templates/", $file)),
            executable: false,
        }
    };
    ($path:literal, $file:literal, run) => {
        Template {
            path: $path,
            text: include_str!(concat!("../templates/", $file)),
            executable: true,
        }
    };
}

/// What lies beside the lessons in every package.
const COMMON: &[Template] =
    &[template!("install.sh", "common/install.sh", run), template!("run.sh", "common/run.sh", run)];

/// A path that names a lesson stands for a file for each of them.
fn templates(platform: Platform) -> &'static [Template] {
    match platform {
        Platform::Gradescope => &[
            template!("autograder/setup.sh", "gradescope/setup.sh", run),
            template!("autograder/run_autograder", "gradescope/run_autograder", run),
        ],
        Platform::PrairieLearn => &[
            template!("questions/[= lesson.id =]/info.json", "prairielearn/info.json"),
            template!("questions/[= lesson.id =]/question.html", "prairielearn/question.html"),
            template!("image/Dockerfile", "common/Dockerfile"),
        ],
        Platform::Autolab => &[
            template!("autograde-Makefile", "autolab/autograde-Makefile"),
            template!("assessment.yml", "autolab/assessment.yml"),
        ],
        Platform::Vpl => &[
            template!("vpl_evaluate.sh", "vpl/vpl_evaluate.sh", run),
            template!("vpl_run.sh", "vpl/vpl_run.sh", run),
        ],
        Platform::CodeRunner => &[
            template!("question.xml", "coderunner/question.xml"),
            template!("server/interleave/jobe.sh", "coderunner/jobe.sh", run),
            template!("server/interleave-jobe.service", "coderunner/interleave-jobe.service"),
        ],
        Platform::Classroom50 => &[template!("autograder.py", "classroom50/autograder.py", run)],
        Platform::GithubActions => {
            &[template!(".github/workflows/grade.yml", "github-actions/grade.yml")]
        }
        Platform::Gitlab => &[
            template!(".gitlab-ci.yml", "gitlab/.gitlab-ci.yml"),
            template!("image/Dockerfile", "common/Dockerfile"),
        ],
        Platform::Exercism => &[
            template!("bin/run.sh", "exercism/run.sh", run),
            template!("Dockerfile", "exercism/Dockerfile"),
        ],
        Platform::Check50 => &[
            template!("[= lesson.id =]/.cs50.yml", "check50/cs50.yml"),
            template!("[= lesson.id =]/__init__.py", "check50/init.py"),
        ],
        Platform::Coursera => &[
            template!("grade.sh", "coursera/grade.sh", run),
            template!("Dockerfile", "coursera/Dockerfile"),
        ],
        Platform::Submitty => &[
            template!("config/config.json", "submitty/config.json"),
            template!("image/Dockerfile", "common/Dockerfile"),
        ],
        Platform::Inginious => &[
            template!("[= lesson.id =]/task.yaml", "inginious/task.yaml"),
            template!("[= lesson.id =]/run", "inginious/run", run),
            template!("image/Dockerfile", "inginious/Dockerfile"),
        ],
        Platform::Xqueue => &[
            template!("serve.sh", "xqueue/serve.sh", run),
            template!("Dockerfile", "xqueue/Dockerfile"),
        ],
    }
}

/// The files beside the lessons, seen from their folder.
pub fn common(facts: &Facts, lessons: &[Packed<'_>]) -> Vec<File> {
    render_all(COMMON, facts, lessons)
}

/// The files of a package, the lessons' folder excepted.
pub fn render(platform: Platform, facts: &Facts, lessons: &[Packed<'_>]) -> Vec<File> {
    let mut files = render_all(templates(platform), facts, lessons);
    if platform == Platform::PrairieLearn {
        files.extend(lessons.iter().map(|packed| File {
            path: format!("questions/{}/lib.rs", packed.lesson.id),
            text: packed.stub.clone(),
            executable: false,
        }));
    }
    files
}

#[derive(Serialize)]
struct Scope {
    name: String,
    title_json: String,
    max_score: f64,
    toolchain: String,
    version: String,
    glibc: String,
    image: &'static str,
    limit: u64,
    hard_limit: u64,
    minutes: u64,
    sha256: String,
    lessons: Vec<LessonScope>,
    /// The one that a file is about.
    lesson: Option<LessonScope>,
}

#[derive(Clone, Serialize)]
struct LessonScope {
    id: String,
    /// The name where `-` is not allowed.
    problem: String,
    uuid: String,
    title_json: String,
    title_html: String,
    max_score: f64,
    stub_json: String,
    stub_html: String,
    /// Those that students may see.
    tests: Vec<TestScope>,
}

#[derive(Clone, Serialize)]
struct TestScope {
    name: String,
    /// A Python literal.
    docstring: String,
}

fn render_all(templates: &[Template], facts: &Facts, lessons: &[Packed<'_>]) -> Vec<File> {
    let environment = environment();
    let lessons: Vec<_> = lessons.iter().map(lesson_scope).collect();
    let names: Vec<_> = lessons.iter().map(|lesson| lesson.id.clone()).collect();
    let titles: Vec<_> = lessons.iter().map(|lesson| lesson.id.as_str()).collect();
    // `rustc 1.95.0 (59807616e 2026-04-14)`
    let version = facts.toolchain.split(' ').nth(1).unwrap_or("stable").to_owned();
    let mut scope = Scope {
        name: names.join("-"),
        title_json: text::json_line(&titles.join(", ")),
        max_score: lessons.iter().map(|lesson| lesson.max_score).sum(),
        toolchain: facts.toolchain.clone(),
        version,
        glibc: facts.glibc.clone(),
        image: image(&facts.glibc),
        limit: facts.limit,
        hard_limit: facts.limit + 60,
        // Installing takes its time too.
        minutes: facts.limit.div_ceil(60) + 10,
        sha256: facts.sha256.clone(),
        lessons: lessons.clone(),
        lesson: None,
    };
    let mut files = Vec::new();
    for template in templates {
        let each: Vec<Option<LessonScope>> = match template.path.contains("[= lesson.") {
            true => lessons.iter().cloned().map(Some).collect(),
            false => vec![None],
        };
        for lesson in each {
            scope.lesson = lesson;
            let render = |text: &str| {
                let scope = Value::from(Serde(&scope));
                environment.render_str(text, scope).expect("templates are checked by tests")
            };
            let (path, text) = (render(template.path), render(template.text));
            files.push(File { path, text, executable: template.executable });
        }
    }
    files
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // Braces belong to the platforms' own languages.
    let syntax = SyntaxConfig::builder()
        .block_delimiters("[%", "%]")
        .variable_delimiters("[=", "=]")
        .comment_delimiters("[#-", "-#]")
        .trim_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .expect("the delimiters are constants");
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
}

fn lesson_scope(packed: &Packed<'_>) -> LessonScope {
    let lesson = packed.lesson;
    let title = lesson.title.get(Language::En);
    let visible = lesson.tests.iter().filter(|test| test.visibility == Visibility::Visible);
    let tests = visible.map(|test| {
        let title = test.title.as_ref().map(|title| title.get(Language::En));
        let docstring = text::json_line(&title.unwrap_or(test.name.as_str()));
        TestScope { name: test.name.to_string(), docstring }
    });
    LessonScope {
        id: lesson.id.to_string(),
        problem: lesson.id.as_str().replace('-', "_"),
        uuid: uuid(&format!("interleave/{}", lesson.id)),
        title_json: text::json_line(&title),
        title_html: text::escaped(title),
        max_score: text::number(lesson.max_score()),
        stub_json: text::json_line(&packed.stub),
        stub_html: text::escaped(&packed.stub),
        tests: tests.collect(),
    }
}

/// The same for the same name, in the form of a UUID of version 8, which is for digests.
fn uuid(name: &str) -> String {
    let mut bytes: [u8; 16] = Sha256::digest(name)[..16].try_into().expect("a digest is longer");
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The oldest of the usual images whose C library is new enough.
fn image(glibc: &str) -> &'static str {
    let minor: u32 = glibc.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(99);
    match minor {
        ..=36 => "debian:bookworm-slim",
        37..=41 => "debian:trixie-slim",
        _ => "debian:sid-slim",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{SECRETS, course};

    fn facts() -> Facts {
        Facts {
            toolchain: "rustc 1.95.0 (59807616e 2026-04-14)".to_owned(),
            glibc: "2.35".to_owned(),
            limit: 77,
            sha256: "ab".repeat(32),
        }
    }

    fn rendered(platform: Platform) -> Vec<File> {
        let course = course();
        let lesson = course.lesson("semaphore").unwrap();
        let stub = "// <stub> & \"more\"\nfn main() {}\n".to_owned();
        let lessons = [Packed { lesson, stub }];
        let mut files = render(platform, &facts(), &lessons);
        files.extend(common(&facts(), &lessons));
        files
    }

    #[test]
    fn every_template_of_every_platform_is_filled_in_and_names_no_secret() {
        for platform in Platform::ALL {
            for File { path, text, .. } in rendered(platform) {
                assert!(!text.contains("[=") && !text.contains("[%"), "{platform}: {path}: {text}");
                assert!(!path.contains('[') && !path.starts_with('/'), "{path}");
                assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{path}: {text}");
                assert!(text.ends_with('\n'), "{path}");
            }
        }
    }

    #[test]
    fn what_is_json_can_be_read() {
        for platform in Platform::ALL {
            for File { path, text, .. } in
                rendered(platform).iter().filter(|file| file.path.ends_with(".json"))
            {
                let value: serde_json::Value =
                    serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
                assert!(value.is_object());
            }
        }
    }

    #[test]
    fn a_question_of_prairielearn_says_nothing_that_its_reader_refuses() {
        let files = rendered(Platform::PrairieLearn);
        let info = files.iter().find(|file| file.path.ends_with("info.json")).unwrap();
        let info: serde_json::Value = serde_json::from_str(&info.text).unwrap();
        let options = info["externalGradingOptions"].as_object().unwrap();
        let known = [
            "image",
            "entrypoint",
            "serverFilesCourse",
            "timeout",
            "enableNetworking",
            "environment",
        ];
        assert!(options.keys().all(|key| known.contains(&key.as_str())), "{options:?}");
        assert!(options["timeout"].as_u64().unwrap() <= 600);
    }

    #[test]
    fn an_image_is_as_new_as_it_has_to_be() {
        assert_eq!(image("2.35"), "debian:bookworm-slim");
        assert_eq!(image("2.40"), "debian:trixie-slim");
    }
}
