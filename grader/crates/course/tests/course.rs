//! Course files as their authors write them, sound and unsound.

use std::path::Path;
use std::time::Duration;

use course::{Course, CourseError, CourseErrors, Language, Permission, Points, Visibility};
use observation::{Limits, Verdict};

const SOUND: &str = include_str!("courses/sound.yaml");

fn parse(text: &str) -> Result<Course, CourseErrors> {
    course::parse(text, Path::new("course.yaml"))
}

fn sound() -> Course {
    parse(SOUND).expect("a sound course")
}

/// The problems of the sound course after replacing `what` by `with`, as `line:column message`.
fn problems(what: &str, with: &str) -> Vec<String> {
    assert_eq!(SOUND.matches(what).count(), 1, "`{what}` is not there once");
    let errors = parse(&SOUND.replace(what, with)).expect_err(with);
    let problems = errors.problems().iter();
    problems.map(|p| format!("{}:{} {}", p.line, p.column, p.message)).collect()
}

#[test]
fn a_sound_course_reads_as_written() {
    let course = sound();
    assert_eq!(course.id.as_str(), "concurrency");
    assert_eq!(course.title.get(Language::Zh), "并发程序设计");
    let ids: Vec<_> = course.lessons().map(|lesson| lesson.id.as_str()).collect();
    assert_eq!(ids, ["fork", "semaphore"]);

    let fork = course.lesson("fork").unwrap();
    assert_eq!(fork.unsafe_code, Permission::Allowed);
    assert_eq!(fork.crates.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["nix", "libc"]);
    assert_eq!(fork.files[0].as_path(), Path::new("src/lib.rs"));

    let semaphore = course.lesson("semaphore").unwrap();
    assert_eq!(semaphore.unsafe_code, Permission::Forbidden);
    assert_eq!(semaphore.requires, std::slice::from_ref(&fork.id));
    assert_eq!(semaphore.files.len(), 2);
    assert_eq!(semaphore.max_score(), Points::from_hundredths(275));
    assert!(course.lesson("unheard-of").is_none());
}

#[test]
fn limits_of_a_lesson_go_over_those_of_the_course_and_the_usual_ones() {
    let course = sound();
    let of_course = Limits { wall: Duration::from_secs(5), memory: 512 << 20, ..Limits::default() };
    assert_eq!(course.lesson("fork").unwrap().limits, of_course);
    let of_lesson =
        Limits { wall: Duration::from_millis(500), processes: 64, output: 64 << 10, ..of_course };
    assert_eq!(course.lesson("semaphore").unwrap().limits, of_lesson);
}

#[test]
fn tests_carry_points_visibility_and_hints() {
    let course = sound();
    let lesson = course.lesson("semaphore").unwrap();
    let peak = lesson.test("never_more_inside_than_permits").unwrap();
    let hint = peak.hint.as_ref().unwrap();
    let said = |verdict| hint.for_verdict(verdict).unwrap().get(Language::Zh).to_owned();
    assert_eq!(said(Verdict::Deadlock), "每条路径都要释放。");
    assert_eq!(said(Verdict::WrongOutput), "Count who is inside.");
    assert_eq!(peak.visibility, Visibility::Visible);

    let hidden = lesson.test("final_value::is_three").unwrap();
    assert_eq!(hidden.visibility, Visibility::Hidden);
    let hint = hidden.hint.as_ref().unwrap().for_verdict(Verdict::Leak).unwrap();
    assert_eq!(hint.get(Language::En), "One `release` per `acquire`.");
    assert!(lesson.test("many_permits").unwrap().extra);
}

#[test]
fn each_mistake_is_reported_where_it_stands() {
    let cases = [
        ("course: concurrency", "course: Concurrency", "2:9 `Concurrency` is not an id"),
        ("course: concurrency\n", "", "2:1 `course` is missing; a course needs it"),
        ("zh: 进程 }", "zh: '' }", "7:33 the text is empty"),
        (
            "title: { en: Fork, zh: 派生 }",
            "title: Fork",
            "10:16 a title is written in both languages: { en: ..., zh: ... }",
        ),
        ("title: { en: Fork, zh: 派生 }", "title: { en: Fork }", "10:16 `zh` is missing"),
        ("zh: 派生 }", "zh: 派生, de: Gabel }", "10:36 `de` is not a key of a title"),
        ("points: 2.5", "points: -1", "22:21 points are never negative"),
        ("points: 2.5", "points: 2.505", "22:21 points have two decimals at most"),
        ("points: 2.5", "points: many", "22:21 expected points as a number, found a text"),
        ("points: 2.5", "points: .nan", "22:21 points are a number such as 3 or 2.5"),
        ("points: 2.5", "points: 1000000.01", "22:21 a test is worth 1000000 points at most"),
        (
            "points: 2.5",
            "pionts: 2.5",
            "22:13 `pionts` is not a key of a test; did you mean `points`?",
        ),
        ("            points: 2.5\n", "", "21:13 `points` is missing"),
        ("extra: true", "extra: maybe", "35:20 expected extra as true or false, found a text"),
        (
            "visibility: hidden",
            "visibility: secret",
            "29:25 visibility is one of visible, hidden, after-due, after-published",
        ),
        ("unsafe: allowed", "unsafe: true", "12:17 unsafe is one of allowed, forbidden"),
        (
            "deadlock:",
            "deadlok:",
            "25:15 `deadlok` is not a key of a hint by verdict; did you mean `deadlock`?",
        ),
        ("deadlock:", "pass:", "25:15 `pass` is not a key of a hint by verdict"),
        (
            "any: Count who is inside.",
            "any: [1]",
            "26:20 expected the text as a text, found a list",
        ),
        ("wall: 5s", "wall: 5", "4:17 `5` is not a duration"),
        ("512MiB", "512MB", "4:29 `512MB` is not a size"),
        ("processes: 64", "processes: 0", "19:43 `0` is not a number of processes"),
        ("processes: 64", "threads: 64", "19:32 `threads` is not a key of limits"),
        ("requires: [fork]", "requires: [semaphore]", "17:20 `semaphore` requires itself"),
        (
            "requires: [fork]",
            "requires: [forks]",
            "17:20 there is no lesson `forks`; did you mean `fork`?",
        ),
        ("requires: [fork]", "requires: [fork, fork]", "17:26 `fork` is listed twice"),
        (
            "        crates: [nix, libc]",
            "        requires: [semaphore]",
            "11:20 `semaphore` comes later",
        ),
        ("- id: semaphore", "- id: fork", "15:13 lesson `fork` is defined twice"),
        ("- id: semaphore", "- id: loop", "15:13 `loop` is not a name that a package can have"),
        ("src/permit.rs", "../x.rs", "18:29 `../x.rs` does not stay inside the lesson"),
        (
            "src/permit.rs",
            "src/main.rs",
            "18:29 `src/main.rs` belongs to the driver, which no student replaces",
        ),
        ("[src/lib.rs, src/permit.rs]", "[]", "18:16 the files are empty"),
        (
            "name: many_permits",
            "name: final_value::is_three",
            "33:19 the test `final_value::is_three` is listed twice",
        ),
        (
            "{ name: returns_twice, points: 1 }",
            "{ name: returns_twice, points: 0 }",
            "13:9 the tests are worth nothing",
        ),
        ("- { name: returns_twice, points: 1 }", "[]", "14:11 the tests are empty"),
        (
            "            extra: true\n",
            "            extra: true\n            extra: true\n",
            "36:13 `extra` is given twice",
        ),
        (
            "limits: { wall: 5s",
            "1: x\nlimits: { wall: 5s",
            "4:1 a key of a course is a word, not a number",
        ),
        (
            "course: concurrency",
            "course: !id concurrency",
            "2:9 course: tags such as `!this` have no meaning here",
        ),
        ("course: concurrency", "course: [", "4:1 did not find expected ',' or ']'"),
    ];
    for (what, with, expected) in cases {
        let found = problems(what, with);
        assert_eq!(found.len(), 1, "{with}: {found:#?}");
        assert!(found[0].starts_with(expected), "{with}: {found:#?}");
    }
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once_with_what_they_are_about() {
    let errors = parse(include_str!("courses/unsound.yaml")).unwrap_err();
    insta::assert_snapshot!(errors);
}

#[test]
fn what_is_no_course_at_all_is_one_problem() {
    for (text, problem) in [
        ("", "expected a course as a mapping, found nothing"),
        ("- a\n", "expected a course as a mapping, found a list"),
        ("a: 1\n---\nb: 1\n", "more than one document"),
        ("\u{0}", "control characters are not allowed"),
    ] {
        let errors = parse(text).unwrap_err();
        assert_eq!(errors.problems().len(), 1, "{text:?}");
        assert!(errors.to_string().contains(problem), "{text:?}: {errors}");
    }
}

#[test]
fn a_course_that_is_not_there_says_where_it_was_looked_for() {
    let error = course::load(Path::new("/nowhere")).unwrap_err();
    assert!(matches!(error, CourseError::Read { .. }));
    assert!(error.to_string().starts_with("cannot read /nowhere/course.yaml"), "{error}");
}

#[test]
fn the_tests_of_a_binary_are_held_against_the_course() {
    let course = sound();
    let lesson = course.lesson("semaphore").unwrap();
    let listed = ["never_more_inside_than_permits", "final_value::is_three", "many_permits"];
    assert!(course.check_tests(lesson, &listed).is_ok());

    let found = ["never_more_inside_than_permits", "final_value::is_thre", "zombies", "zombies"];
    let errors = course.check_tests(lesson, &found).unwrap_err();
    insta::assert_snapshot!(errors);
}

#[test]
fn no_slip_of_the_keyboard_is_too_much_for_the_reader() {
    let slips =
        ["", "[", "}", "\"", "'", ": ", "- ", "#", "&a ", "*a", "!a ", "|", "\t", "\r", "并"];
    for ((at, c), slip) in SOUND.char_indices().zip(slips.into_iter().cycle()) {
        let slipped = [&SOUND[..at], slip, &SOUND[at + c.len_utf8()..]].concat();
        for text in [&slipped, &SOUND[..at]] {
            let Err(errors) = parse(text) else { continue };
            assert!(!errors.problems().is_empty());
            for problem in errors.problems() {
                assert!(text.get(problem.span.clone()).is_some(), "{problem:?} in {text}");
            }
            assert!(errors.to_string().starts_with("course.yaml:"), "{errors}");
        }
    }
}

#[test]
fn lines_and_columns_are_right_however_lines_end() {
    for (text, line, column) in [
        (SOUND.replace('\n', "\r\n").replace("points: 2.5", "points: -1"), 22, 21),
        (format!("\u{feff}{}", SOUND.replace("points: 2.5", "points: -1")), 22, 21),
        ("\u{feff}course: C\n".to_owned(), 1, 1),
    ] {
        let errors = parse(&text).unwrap_err();
        let first = &errors.problems()[0];
        assert_eq!((first.line, first.column), (line, column), "{errors}");
    }
}

const POLICIES: &str = "policies:
  zone: Europe/Berlin
  grace: 15min
  late: [{ within: 1d, keeps: 90% }, { within: 3d, keeps: 50% }]
  attempts: best
  cap: 110%
  drop_lowest: 1
  required: { lessons: [fork], at_least: 60%, otherwise: 40% }
units:
";

fn graded() -> String {
    let text = SOUND.replace("units:\n", POLICIES);
    text.replace(
        "      - id: fork\n",
        "      - id: fork\n        due: 2026-10-01 23:59\n        extra: true\n",
    )
}

#[test]
fn policies_read_as_written() {
    let policies = parse(&graded()).unwrap().policies;
    assert_eq!(policies.zone.to_string(), "Europe/Berlin");
    assert_eq!(policies.grace, Duration::from_secs(900));
    let late: Vec<_> =
        policies.late.iter().map(|step| (step.within.as_secs(), step.keeps.to_string())).collect();
    assert_eq!(late, [(86_400, "90%".to_owned()), (259_200, "50%".to_owned())]);
    assert_eq!(policies.attempts, course::Attempts::Best);
    assert_eq!(policies.cap, Some(course::Percent::whole(110)));
    assert_eq!(policies.drop_lowest, 1);
    let fork: course::LessonId = "fork".parse().unwrap();
    let required = policies.required.unwrap();
    assert_eq!(
        (required.lessons, required.at_least.to_string()),
        (vec![fork.clone()], "60%".to_owned())
    );
    let due = policies.due[&fork].at(policies.zone).unwrap();
    assert_eq!(due.to_rfc3339(), "2026-10-01T21:59:00+00:00");
    assert!(policies.extra.contains(&fork));
    assert_eq!(sound().policies, course::Policies::default());
}

#[test]
fn each_mistake_in_policies_is_reported_where_it_stands() {
    for (what, with, problem) in [
        ("Europe/Berlin", "Berlin", "6:9 `Berlin` is no time zone"),
        ("15min", "15", "7:10 `15` is not a span of time"),
        ("keeps: 90%", "keeps: 90", "8:31 `90` is no percentage"),
        ("keeps: 90%", "keeps: 40%", "8:38 work that is later keeps no more"),
        ("within: 3d", "within: 24h", "8:38 each step is `within` more"),
        ("attempts: best", "attempts: first", "9:13 attempts is one of last, best"),
        ("drop_lowest: 1", "drop_lowest: -1", "11:16 `-1` is not a number of lessons"),
        (
            "lessons: [fork]",
            "lessons: [forks]",
            "12:25 there is no lesson `forks`; did you mean `fork`?",
        ),
        ("grace:", "graze:", "7:3 `graze` is not a key of policies; did you mean `grace`?"),
        ("2026-10-01 23:59", "2026-10-01", "18:14 `2026-10-01` is no date and time"),
        (
            "2026-10-01 23:59",
            "2026-03-29 02:30",
            "18:14 `2026-03-29T02:30:00` does not exist in Europe/Berlin",
        ),
        (
            "        extra: true\n        title",
            "        extra: perhaps\n        title",
            "19:16 expected extra as true or false",
        ),
    ] {
        let text = graded();
        assert_eq!(text.matches(what).count(), 1, "`{what}` is not there once");
        let errors = parse(&text.replace(what, with)).expect_err(with);
        let told: Vec<_> = errors
            .problems()
            .iter()
            .map(|p| format!("{}:{} {}", p.line, p.column, p.message))
            .collect();
        assert!(told.len() == 1 && told[0].starts_with(problem), "{with}: {told:#?}");
    }
}
