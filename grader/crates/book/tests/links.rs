//! Every link of the course's own book leads somewhere.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use book::{Page, Picture};

/// The pages of this very course, with a picture that stands for all.
fn pages() -> Vec<Page> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let course = course::load(&root).expect("the course can be read");
    let picture = Picture {
        lesson: course.lesson("deadlock").expect("there is such a lesson").id.clone(),
        name: "crosswise".to_owned(),
        about: course::Text::plain("Each has one lock and wants the other."),
        verdict: observation::Verdict::Deadlock,
        timeline: "<svg/>".to_owned(),
        wait_for: Some(("<svg/>".to_owned(), "A waits for B".to_owned())),
    };
    book::pages(&root, &course, &[picture]).expect("every lesson has its text")
}

/// Where a page or a picture is once the book is made: `en/lock.html`.
fn made(path: &Path) -> PathBuf {
    let path: PathBuf = path.components().filter(|part| part.as_os_str() != "src").collect();
    if path.extension().is_some_and(|it| it == "md") { path.with_extension("html") } else { path }
}

/// The targets of the links and pictures of a text in Markdown.
fn targets(text: &str) -> Vec<&str> {
    // What stands in a program is no link.
    let prose = text.split("```").step_by(2);
    let after = prose.flat_map(|piece| piece.split("](").skip(1));
    after.filter_map(|rest| rest.split(')').next()).collect()
}

/// `path` without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = plain.pop(),
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn every_link_leads_to_a_page_or_a_picture() {
    let pages = pages();
    let there: BTreeSet<_> = pages.iter().map(|page| made(&page.path)).collect();
    let mut broken = Vec::new();
    let mut seen = 0;
    for page in pages.iter().filter(|page| page.path.extension().is_some_and(|it| it == "md")) {
        for target in targets(&page.text).into_iter().filter(|target| !target.contains("://")) {
            let file = target.split('#').next().unwrap_or_default();
            let from = page.path.parent().expect("a page lies in a folder").join(file);
            seen += 1;
            // A link within the page itself has no file.
            if !file.is_empty() && !there.contains(&plain(&made(&from))) {
                broken.push(format!("{}: {target}", page.path.display()));
            }
        }
    }
    assert!(seen > 4 * 31, "only {seen} links are looked at");
    assert!(broken.is_empty(), "{broken:#?}");
}
