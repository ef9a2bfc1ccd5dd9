//! What a student reads first.

use course::{Course, Language};

/// The README of the edition: how to work with it, and its lessons in both languages.
pub(crate) fn render(course: &Course) -> String {
    let mut lessons = String::new();
    for unit in &course.units {
        let (en, zh) = (unit.title.get(Language::En), unit.title.get(Language::Zh));
        lessons += &format!("\n**{en}** · {zh}\n\n");
        for lesson in &unit.lessons {
            let (en, zh) = (lesson.title.get(Language::En), lesson.title.get(Language::Zh));
            let id = &lesson.id;
            lessons += &format!(
                "- [`{id}`](exercises/{id}/README.md) {en} · [{zh}](exercises/{id}/README.zh.md)\n"
            );
        }
    }
    let first = course.lessons().next().expect("a course has a lesson").id.as_str();
    include_str!("../templates/README.md")
        .replace("{title}", course.title.get(Language::En))
        .replace("{title_zh}", course.title.get(Language::Zh))
        .replace("{first}", first)
        .replace("{lessons}", lessons.trim_start())
}
