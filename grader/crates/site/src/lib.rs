//! Shows the results of a class as pages that need no server, no script and no network.
//!
//! `index.html` is the instructor's: how the class did, test by test. Each page in
//! `students/` is one student's and fit to be handed out: it holds nothing about anybody
//! else, and nothing of a test that students do not see yet.
//!
//! Pure: the same report renders to the same bytes. Texts of students reach a page only
//! through [`report::printable_lines`] and the escaping of the templates, and the pages
//! allow no script, no form and no resource from elsewhere.

mod chart;
mod names;
mod overview;
mod student;
mod template;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use report::sheet::Stages;
use report::{GradedLesson, Run, Submission};

use names::Namer;
pub use names::Names;
use overview::Overview;

/// What is shown, and to whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// How far each lesson's life has gone, which decides what its students see.
    pub stages: Stages,
    /// Whether students appear under their names.
    pub names: Names,
    /// Who takes part.
    pub class: Class,
}

/// What is taught and who takes part, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Class {
    /// What the course is called; without it, it goes by its id.
    pub course: Option<String>,
    /// What is known of students, by the name under which their results are filed.
    pub people: BTreeMap<String, Person>,
    /// Those who should have handed in and have handed in nothing.
    pub absent: Vec<String>,
}

/// What is known of a student.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// A name for people.
    pub name: Option<String>,
    /// Whom they work with.
    pub group: Option<String>,
    /// Where they are taught.
    pub section: Option<String>,
}

/// A file of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its path in the site's folder.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// A site that is being made, one student after the other.
pub struct Site {
    run: Run,
    lessons: Vec<GradedLesson>,
    stages: Stages,
    class: Class,
    namer: Namer,
    overview: Overview,
}

impl Site {
    /// A site for the results of `run` in `lessons`.
    pub fn new(run: &Run, lessons: &[GradedLesson], options: Options) -> Self {
        Self {
            run: run.clone(),
            lessons: lessons.to_vec(),
            stages: options.stages,
            namer: Namer::new(options.names),
            overview: Overview::of(options.names),
            class: options.class,
        }
    }

    /// The page of one student, who handed in `submissions`; none for no submissions.
    ///
    /// `picture` gives the SVG at a path that the evidence of a test names.
    pub fn student(
        &mut self,
        submissions: &[Submission],
        picture: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Page> {
        let student = &submissions.first()?.student;
        let name = self.namer.name(student, self.class.people.get(student));
        self.overview.add(&name, submissions, &self.lessons);
        let (lessons, stages, language) = (&self.lessons, &self.stages, self.run.language);
        let view = student::View { lessons, stages, language, picture };
        let text = student::render(&self.run, view, submissions, &name);
        Some(Page { path: PathBuf::from("students").join(&name.file), text })
    }

    /// Whether `file` in `students/` is a page of this site, and not left there by an earlier one.
    pub fn is_page(&self, file: &str) -> bool {
        self.namer.is_taken(file)
    }

    /// The overview, once every student was taken in.
    pub fn overview(&self) -> Page {
        let absent = self.class.absent.iter();
        let absent: Vec<_> =
            absent.map(|who| self.namer.told(who, self.class.people.get(who))).collect();
        let course = self.class.course.as_deref().unwrap_or(self.run.course.as_str());
        let text = self.overview.render(course, &self.run, &self.lessons, &absent);
        Page { path: "index.html".into(), text }
    }
}

#[cfg(test)]
mod tests {
    use report::Report;

    use super::*;

    /// A class of two, one of whom attacks whatever shows their words.
    fn report() -> Report {
        let attack = "</pre><script>alert(1)</script>\u{202e}\u{1b}[31m\" onload=\"x";
        let test = |name: &str, verdict: &str, score: u32, visibility: &str, message: &str| {
            serde_json::json!({
                "name": name, "title": name, "verdict": verdict, "score": score, "max_score": 5,
                "status": if score > 0 { "passed" } else { "failed" },
                "visibility": visibility, "extra": false, "message": message, "hint": attack
            })
        };
        let submission = |student: &str, verdict: &str, tests: serde_json::Value| {
            let scores = tests.as_array().expect("a list").iter();
            let score: u64 = scores.filter_map(|test| test["score"].as_u64()).sum();
            serde_json::json!({
                "student": student, "lesson": "lock", "status": "graded", "verdict": verdict,
                "score": score, "max_score": 10, "duration_ms": 1200, "attempts": 1,
                "message": null, "tests": tests
            })
        };
        let report = serde_json::json!({
            "schema": report::SCHEMA, "course": "c", "grader": "0.1.0", "toolchain": "rustc 1.95",
            "started": "2026-01-01T00:00:00Z", "confinement": "tier A", "language": "en",
            "lessons": [{ "id": "lock", "title": "Locks", "max_score": 10 }],
            "submissions": [
                submission("zoe", "pass", serde_json::json!([
                    test("seen", "pass", 5, "visible", ""), test("secret", "pass", 5, "hidden", "")
                ])),
                submission(attack, "race", serde_json::json!([
                    test("seen", "race", 0, "visible", attack), test("secret", "race", 0, "hidden", "SECRET")
                ])),
            ]
        });
        serde_json::from_value(report).expect("a report")
    }

    fn all(names: Names) -> Vec<Page> {
        pages(&report(), names)
    }

    fn pages(report: &Report, names: Names) -> Vec<Page> {
        let person = Person { name: Some("Zoë Zola".to_owned()), ..Person::default() };
        let class = Class {
            course: Some("Threads & locks".to_owned()),
            people: BTreeMap::from([("zoe".to_owned(), person)]),
            absent: vec!["yan".to_owned()],
        };
        let options = Options { stages: Stages::default(), names, class };
        let mut site = Site::new(&report.run, &report.lessons, options);
        let students: Vec<_> =
            report.students().filter_map(|work| site.student(work, &|_| None)).collect();
        std::iter::once(site.overview()).chain(students).collect()
    }

    #[test]
    fn words_of_students_are_text_and_never_markup() {
        for page in all(Names::Shown) {
            assert!(!page.text.contains("<script"), "{}", page.text);
            assert!(!page.text.contains("\" onload"), "{}", page.text);
            assert!(!page.text.contains(['\u{202e}', '\u{1b}']), "{}", page.text);
            assert!(page.text.contains("default-src 'none'"), "{}", page.text);
        }
    }

    #[test]
    fn a_students_page_holds_nothing_hidden_and_nobody_else() {
        let pages = all(Names::Shown);
        let [_, zoe, other] = pages.as_slice() else { panic!("three pages") };
        assert!(zoe.text.contains("zoe") && !other.text.contains("zoe"));
        assert!(zoe.text.contains("Zoë Zola") && !other.text.contains("yan"));
        for page in [zoe, other] {
            assert!(!page.text.contains("secret") && !page.text.contains("SECRET"));
        }
        assert!(zoe.path.starts_with("students"));
    }

    #[test]
    fn the_overview_is_called_as_the_course_is() {
        assert!(all(Names::Shown)[0].text.contains("<h1>Threads &amp; locks: "));
    }

    #[test]
    fn who_handed_in_nothing_is_told_to_the_instructor() {
        let shown = all(Names::Shown);
        assert!(shown[0].text.contains("<li>yan</li>"), "{}", shown[0].text);
        let hidden = all(Names::Hidden { salt: 7 });
        assert!(hidden[0].text.contains("<b>1</b> handed in nothing"), "{}", hidden[0].text);
    }

    #[test]
    fn anonymous_pages_name_nobody() {
        for page in all(Names::Hidden { salt: 7 }) {
            for name in ["zoe", "Zola", "yan"] {
                assert!(!page.text.contains(name), "{name}: {}", page.text);
            }
            assert!(!page.path.display().to_string().contains("zoe"));
        }
    }

    #[test]
    fn anonymous_pages_do_not_list_students_in_the_order_of_their_names() {
        let orders = |section: &str, names: &dyn Fn(u64) -> Names| {
            let order = |salt| {
                let pages = all(names(salt));
                let zoe = pages[1].path.display().to_string();
                let other = pages[2].path.display().to_string();
                let (_, text) = pages[0].text.split_once(&format!("id=\"{section}\"")).unwrap();
                text.find(&zoe) < text.find(&other)
            };
            (0..32).map(order).collect::<std::collections::BTreeSet<bool>>().len()
        };
        for section in ["grades", "slowest"] {
            assert_eq!(orders(section, &|salt| Names::Hidden { salt }), 2);
            assert_eq!(orders(section, &|_| Names::Shown), 1);
        }
    }

    #[test]
    fn what_was_known_already_is_not_among_the_slowest() {
        let mut report = report();
        report.submissions.iter_mut().for_each(|work| work.duration_ms = 0);
        assert!(all(Names::Shown)[0].text.contains("id=\"slowest\""));
        assert!(!pages(&report, Names::Shown)[0].text.contains("slowest"));
    }

    #[test]
    fn what_counts_stands_at_the_top_and_what_is_missing_below_it() {
        let mut report = report();
        let mut lesson = report.lessons[0].clone();
        lesson.id = "pipe".parse().unwrap();
        lesson.title = "Pipes".to_owned();
        report.lessons.push(lesson);
        let work = &mut report.submissions[0];
        work.tests.iter_mut().for_each(|test| test.visibility = course::Visibility::Visible);
        let because = vec!["late".to_owned()];
        work.grade = Some(report::Grade { points: Some("2.5".parse().unwrap()), because });
        let pages = pages(&report, Names::Shown);
        assert!(pages[1].text.contains("lock</a> <b>2.5</b> of 10"), "{}", pages[1].text);
        assert!(pages[1].text.contains("Not handed in: Pipes"), "{}", pages[1].text);
        assert!(pages[0].text.contains("pipe: 2 of 2"), "{}", pages[0].text);
    }

    #[test]
    fn what_could_not_be_graded_makes_nobody_one_with_few_points() {
        let mut report = report();
        assert!(all(Names::Shown)[0].text.contains("id=\"fewest\""));
        for work in &mut report.submissions {
            work.status = report::Status::NotGradable;
            work.score = None;
        }
        assert!(!pages(&report, Names::Shown)[0].text.contains("id=\"fewest\""));
    }

    /// So a class that is graded again has new pages only where something changed.
    #[test]
    fn when_it_was_graded_is_on_the_overview_alone() {
        let pages = all(Names::Shown);
        let dated: Vec<_> =
            pages.iter().map(|page| page.text.contains("2026-01-01T00:00:00Z")).collect();
        assert_eq!(dated, [true, false, false]);
    }

    #[test]
    fn every_page_that_the_overview_links_to_is_there() {
        let pages = all(Names::Shown);
        for page in &pages[1..] {
            let link = format!("href=\"{}\"", page.path.display());
            assert!(pages[0].text.contains(&link), "no {link}");
        }
    }
}
