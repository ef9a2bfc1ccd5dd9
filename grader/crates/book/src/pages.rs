//! The pages round the lessons.

use course::{Course, Language, Unit};

use crate::{Picture, folder};

/// `book.toml`.
pub(crate) fn settings(course: &Course, language: Language) -> String {
    let title = course.title.get(language).replace('"', "'");
    include_str!("../templates/book.toml.in")
        .replace("{title}", &title)
        .replace("{language}", folder(language))
}

/// The table of contents.
pub(crate) fn summary(course: &Course, language: Language) -> String {
    let words = Words::of(language);
    let mut text = format!("# {}\n\n[{}](introduction.md)\n", words.contents, words.introduction);
    for unit in &course.units {
        text += &format!("\n# {}\n\n", unit.title.get(language));
        text += &format!("- [{}](unit-{}.md)\n", words.unit, unit.id);
        for lesson in &unit.lessons {
            text += &format!("- [{}]({}.md)\n", lesson.title.get(language), lesson.id);
        }
    }
    text += &format!("\n# {}\n\n", words.judging);
    text += &format!("- [{}](verdicts.md)\n- [{}](pictures.md)\n", words.verdicts, words.pictures);
    text
}

/// The first page.
pub(crate) fn introduction(course: &Course, language: Language) -> String {
    let template = match language {
        Language::En => include_str!("../templates/introduction.en.md"),
        Language::Zh => include_str!("../templates/introduction.zh.md"),
    };
    let units: Vec<_> = course
        .units
        .iter()
        .map(|unit| format!("- [{}](unit-{}.md)\n", unit.title.get(language), unit.id))
        .collect();
    template
        .replace("{title}", course.title.get(language))
        .replace("{lessons}", &course.lessons().count().to_string())
        .replace("{units}", &units.concat())
}

/// How verdicts are reached.
pub(crate) fn verdicts(language: Language) -> String {
    match language {
        Language::En => include_str!("../templates/verdicts.en.md").to_owned(),
        Language::Zh => include_str!("../templates/verdicts.zh.md").to_owned(),
    }
}

/// A unit with its lessons, what each is worth and what it builds on.
pub(crate) fn unit(unit: &Unit, language: Language) -> String {
    let words = Words::of(language);
    let mut text = format!("# {}\n\n", unit.title.get(language));
    text +=
        &format!("| {} | {} | {} |\n|---|---|---|\n", words.lesson, words.points, words.requires);
    for lesson in &unit.lessons {
        let requires: Vec<_> =
            lesson.requires.iter().map(|id| format!("[{id}]({id}.md)")).collect();
        let (title, id) = (lesson.title.get(language), &lesson.id);
        let (points, requires) = (lesson.max_score(), requires.join(", "));
        text += &format!("| [{title}]({id}.md) (`{id}`) | {points} | {requires} |\n");
    }
    text
}

/// Every picture, by lesson.
pub(crate) fn gallery(course: &Course, pictures: &[Picture], language: Language) -> String {
    let words = Words::of(language);
    let mut text = format!("# {}\n\n{}\n", words.pictures, words.about_pictures);
    for lesson in course.lessons() {
        let own: Vec<_> = pictures.iter().filter(|picture| picture.lesson == lesson.id).collect();
        if !own.is_empty() {
            text += &format!("\n## [{}]({}.md)\n\n", lesson.title.get(language), lesson.id);
            text.extend(own.iter().map(|picture| picture.section("###", language)));
        }
    }
    text
}

/// The few words of the pages that are no prose.
struct Words {
    contents: &'static str,
    introduction: &'static str,
    unit: &'static str,
    lesson: &'static str,
    points: &'static str,
    requires: &'static str,
    judging: &'static str,
    verdicts: &'static str,
    pictures: &'static str,
    about_pictures: &'static str,
}

impl Words {
    fn of(language: Language) -> Self {
        match language {
            Language::En => Self {
                contents: "Contents",
                introduction: "Introduction",
                unit: "About this unit",
                lesson: "lesson",
                points: "points",
                requires: "builds on",
                judging: "How you are judged",
                verdicts: "How verdicts are reached",
                pictures: "Pictures of failures",
                about_pictures: "Runs of wrong programs, as the operating system saw them. \
                    Time goes to the right; each lane is a process or a thread, from its birth to its end.",
            },
            Language::Zh => Self {
                contents: "目录",
                introduction: "导言",
                unit: "本单元",
                lesson: "课",
                points: "分数",
                requires: "先修",
                judging: "怎样评判",
                verdicts: "结论是怎样得出的",
                pictures: "失败的图示",
                about_pictures: "操作系统所看到的错误程序的运行。时间向右；每条泳道是一个进程或线程，从诞生到结束。",
            },
        }
    }
}
