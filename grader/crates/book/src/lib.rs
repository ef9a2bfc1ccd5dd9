//! Turns a course into the sources of a book: one for each language, for mdbook to render.
//!
//! The lessons' READMEs are its chapters, word for word; around them stand the units,
//! a page on how verdicts are reached, and pictures of runs that failed. Apart from
//! reading the READMEs, nothing here touches the world.

mod chapter;
mod links;
mod pages;

use std::io;
use std::path::{Path, PathBuf};

use course::{Course, Language, Text};
use thiserror::Error;

/// Why there is no book.
#[derive(Debug, Error)]
pub enum BookError {
    /// A lesson has no text in one of the languages.
    #[error("cannot read {path}: {source}; every lesson needs its text in both languages", path = path.display())]
    Readme {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A picture of a run that failed.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The lesson that it belongs to.
    pub lesson: course::LessonId,
    /// The folder of the submission: `two-critical-sections`.
    pub name: String,
    /// What its author got wrong, in a line.
    pub about: Text,
    /// The verdict on it.
    pub verdict: observation::Verdict,
    /// One lane for each process and thread, as SVG.
    pub timeline: String,
    /// Who waited for whom, as SVG and in words, if the run stood still.
    pub wait_for: Option<(String, String)>,
}

/// A file of a book's sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its path, from the folder that holds both books: `en/src/lock.md`.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// The folder, and the language tag, of the book in `language`.
pub fn folder(language: Language) -> &'static str {
    match language {
        Language::En => "en",
        Language::Zh => "zh",
    }
}

/// The languages that a book is made in.
pub const LANGUAGES: [Language; 2] = [Language::En, Language::Zh];

/// The sources of the book in both languages, for the course at `root`.
pub fn pages(root: &Path, course: &Course, pictures: &[Picture]) -> Result<Vec<Page>, BookError> {
    let mut pages = Vec::new();
    for language in LANGUAGES {
        let of = |name: &str| PathBuf::from(folder(language)).join(name);
        let mut put = |name: &str, text: String| pages.push(Page { path: of(name), text });
        put("book.toml", pages::settings(course, language));
        put("theme/head.hbs", include_str!("../templates/head.hbs").to_owned());
        put("src/SUMMARY.md", pages::summary(course, language));
        put("src/introduction.md", pages::introduction(course, language));
        put("src/verdicts.md", pages::verdicts(language));
        put("src/pictures.md", pages::gallery(course, pictures, language));
        for unit in &course.units {
            put(&format!("src/unit-{}.md", unit.id), pages::unit(unit, language));
        }
        for lesson in course.lessons() {
            let text = chapter::text(root, course, lesson, pictures, language)?;
            put(&format!("src/{}.md", lesson.id), text);
        }
        for picture in pictures {
            put(&format!("src/{}", picture.file("timeline")), picture.timeline.clone());
            if let Some((svg, _)) = &picture.wait_for {
                put(&format!("src/{}", picture.file("wait-for")), svg.clone());
            }
        }
    }
    Ok(pages)
}

impl Picture {
    /// Where its drawing of `kind` lies in the book.
    fn file(&self, kind: &str) -> String {
        format!("pictures/{}-{}-{kind}.svg", self.lesson, self.name)
    }

    /// It in Markdown, under a heading of `level`.
    fn section(&self, level: &str, language: Language) -> String {
        let Self { name, about, verdict, .. } = self;
        let (lanes, graph) = match language {
            Language::En => ("One lane for each process and thread", "Who waited for whom"),
            Language::Zh => ("每个进程、每个线程一条泳道", "谁在等谁"),
        };
        let mut text = format!("{level} {name}: `{verdict}`\n\n{}\n\n", about.get(language));
        text += &format!("![{lanes}]({})\n\n", self.file("timeline"));
        if let Some((_, words)) = &self.wait_for {
            text += &format!(
                "![{graph}]({})\n\n```text\n{}\n```\n\n",
                self.file("wait-for"),
                words.trim()
            );
        }
        text
    }
}
