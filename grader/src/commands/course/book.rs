use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use book::Picture;
use clap::Args;
use course::LessonId;
use engine::Workshop;
use engine::pictured::{Pictured, pictured};

use crate::exit::Exit;
use crate::place;
use crate::progress::Progress;

/// Make the course into a book, in both languages, with pictures of the classic failures
///
/// Every lesson is a chapter. The submissions whose expect.yaml has `picture` are run, and drawn. The
/// pages are made by mdbook: `cargo install mdbook --locked`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader course book                   # then open target/book/index.html
  grader course book --out ../site --sources-only")]
pub(crate) struct Arguments {
    /// Where the book goes
    #[arg(long, value_name = "DIR", default_value = "target/book")]
    out: PathBuf,
    /// Write the sources for mdbook and leave it at that
    #[arg(long)]
    sources_only: bool,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
}

const INDEX: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
<style>:root{color-scheme:light dark}body{font:1.2rem system-ui,sans-serif;margin:15vh auto;max-width:30rem;padding:1rem}</style>\n\
<h1>{title}</h1>\n<p><a href=\"en/introduction.html\">English</a></p>\n\
<p lang=\"zh\"><a href=\"zh/introduction.html\">中文</a></p>\n</html>\n";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (root, course) = place::course(arguments.course.as_deref())?;
    let lessons: Vec<_> = course.lessons().collect();
    let ids: Vec<LessonId> = lessons.iter().map(|lesson| lesson.id.clone()).collect();
    let jail = place::jail(false)?;
    Progress::say("building the lessons' tests");
    let workshop = Workshop::set_up(&root, course.clone(), &ids, jail, Progress::say)?;
    Progress::say("running the failures that the book shows");
    let pictures: Vec<_> = pictured(&root, &workshop, &lessons)?.iter().map(draw).collect();
    let sources = arguments.out.join("sources");
    if sources.exists() {
        std::fs::remove_dir_all(&sources)
            .with_context(|| format!("cannot replace {}", sources.display()))?;
    }
    for page in book::pages(&root, &course, &pictures)? {
        write(&sources.join(page.path), &page.text)?;
    }
    println!("sources: {}", sources.display());
    if arguments.sources_only {
        return Ok(Exit::Done);
    }
    for language in book::LANGUAGES {
        let folder = book::folder(language);
        build(&sources.join(folder), &arguments.out.join(folder))?;
    }
    let title = course.title.get(course::Language::En).replace('<', "&lt;");
    write(&arguments.out.join("index.html"), &INDEX.replace("{title}", &title))?;
    println!("book: {}", arguments.out.join("index.html").display());
    Ok(Exit::Done)
}

fn draw(shown: &Pictured) -> Picture {
    let graph = shown.run.wait_for.as_ref();
    Picture {
        lesson: shown.lesson.clone(),
        name: shown.name.clone(),
        about: shown.about.clone(),
        verdict: shown.verdict,
        timeline: picture::timeline(&shown.run),
        wait_for: graph.map(|graph| (picture::wait_for(graph), graph.to_string())),
    }
}

fn build(sources: &Path, to: &Path) -> anyhow::Result<()> {
    let to = std::path::absolute(to).context("cannot tell the current folder")?;
    let mut mdbook = Command::new("mdbook");
    let status = mdbook.arg("build").arg(sources).arg("--dest-dir").arg(&to).status();
    let status = status.context(
        "cannot run mdbook; install it with `cargo install mdbook --locked`, or use --sources-only",
    )?;
    if !status.success() {
        bail!("mdbook could not build {}: {status}", sources.display());
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}; is the disk full?", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(failed)?;
    std::fs::write(path, text).with_context(failed)
}
