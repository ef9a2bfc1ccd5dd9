//! Course errors as an author sees them on a terminal.

use std::path::Path;

use miette::{GraphicalReportHandler, GraphicalTheme, ThemeCharacters, ThemeStyles};

const UNSOUND: &str = "\
course: concurrency
title: { en: Concurrent programs, zh: 并发程序设计, de: Nebenläufig }
units:
  - id: locks
    title: { en: Locks, zh: 锁 }
    lessons:
      - id: lock
        title: { en: A lock, zh: 一把锁 }
        tests:
          - name: balance_is_zero
            points: -2
";

fn rendered(styles: ThemeStyles) -> String {
    let errors = course::parse(UNSOUND, Path::new("course.yaml")).expect_err("unsound");
    let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(80);
    let mut rendered = String::new();
    handler.render_report(&mut rendered, &errors.into_diagnostic()).expect("a string takes it");
    rendered
}

#[test]
fn without_colour_every_problem_shows_its_line() {
    insta::assert_snapshot!(rendered(ThemeStyles::none()));
}

#[test]
fn with_colour_the_words_stay_the_same() {
    let coloured = rendered(ThemeStyles::ansi());
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    for (index, part) in coloured.split("\u{1b}[").enumerate() {
        plain += if index == 0 { part } else { part.split_once('m').expect("a style ends").1 };
    }
    assert_eq!(plain, rendered(ThemeStyles::none()));
}

#[test]
fn a_course_that_cannot_be_read_names_the_file_and_the_reason() {
    let error = course::load(Path::new("/nowhere")).unwrap_err();
    let report = error.into_report();
    let chain: Vec<String> = report.chain().map(ToString::to_string).collect();
    assert!(chain[0].contains("/nowhere/course.yaml"), "{chain:?}");
    assert!(chain[1].contains("No such file"), "{chain:?}");
}
