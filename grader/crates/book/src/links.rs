//! Turns links between files of the course into links between pages of the book.

use course::{Course, Language, Lesson};

use crate::folder;

/// The text of `lesson` with its links to READMEs of the course turned.
pub(crate) fn turn(text: &str, lesson: &Lesson, course: &Course) -> String {
    let mut turned = text.to_owned();
    for (language, file) in [(Language::Zh, "README.zh.md"), (Language::En, "README.md")] {
        let target = format!("](../{}/{}.html)", folder(language), lesson.id);
        let title = lesson.title.get(language);
        // In a book it is a page with a title, not a file.
        turned = turned
            .replace(&format!("[{file}]({file})"), &format!("[{title}{target}"))
            .replace(&format!("]({file})"), &target);
    }
    for other in course.lessons() {
        let id = &other.id;
        for from in [format!("](../{id}/README.md"), format!("](../{id}/README.zh.md")] {
            turned = turned.replace(&from, &format!("]({id}.md"));
        }
        for from in [format!("](../{id})"), format!("](../{id}/)")] {
            turned = turned.replace(&from, &format!("]({id}.md)"));
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn links_to_the_other_language_and_to_other_lessons_are_turned() {
        let test = "        tests: [{ name: t, points: 1 }]\n";
        let lesson = |id| format!("      - id: {id}\n        title: {{ en: L, zh: L }}\n{test}");
        let text = format!(
            "course: c\ntitle: {{ en: C, zh: C }}\nunits:\n  - id: u\n    \
             title: {{ en: U, zh: U }}\n    lessons:\n{}{}",
            lesson("lock"),
            lesson("deadlock")
        );
        let course = course::parse(&text, Path::new("course.yaml")).unwrap();
        let lock = course.lesson("lock").unwrap();
        assert_eq!(turn("*[x](README.zh.md)*", lock, &course), "*[x](../zh/lock.html)*");
        assert_eq!(turn("[README.md](README.md)", lock, &course), "[L](../en/lock.html)");
        assert_eq!(turn("[d](../deadlock/README.md)", lock, &course), "[d](deadlock.md)");
        assert_eq!(turn("[d](../deadlock/)", lock, &course), "[d](deadlock.md)");
        assert_eq!(
            turn("[r](https://doc.rust-lang.org)", lock, &course),
            "[r](https://doc.rust-lang.org)"
        );
    }
}
