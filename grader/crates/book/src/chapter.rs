//! A lesson as a chapter.

use std::path::Path;

use course::{Course, Language, Lesson};

use crate::{BookError, Picture, links};

/// The README of `lesson` in `language`, its links turned to the book's pages, and
/// the pictures of its failures.
pub(crate) fn text(
    root: &Path,
    course: &Course,
    lesson: &Lesson,
    pictures: &[Picture],
    language: Language,
) -> Result<String, BookError> {
    let file = match language {
        Language::En => "README.md",
        Language::Zh => "README.zh.md",
    };
    let path = root.join("exercises").join(lesson.id.as_str()).join(file);
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|source| BookError::Readme { path, source })?;
    let mut text = links::turn(&text, lesson, course);
    let own: Vec<_> = pictures.iter().filter(|picture| picture.lesson == lesson.id).collect();
    if !own.is_empty() {
        let heading = match language {
            Language::En => "What failures look like",
            Language::Zh => "失败是什么样子",
        };
        text += &format!("\n## {heading}\n\n");
        text.extend(own.iter().map(|picture| picture.section("###", language)));
    }
    Ok(text)
}
