//! Downloads as systems make them, taken in whole.

#![expect(clippy::unwrap_used, reason = "helpers of tests, in which a failure is a failed test")]

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use course::Course;
use intake::{Intake, IntakeError, Kind, Layout, Map, Options, Roster, choose, collect};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const COURSE: &str = "
course: c
title: { en: C, zh: C }
units:
  - id: u
    title: { en: U, zh: U }
    lessons:
      - { id: lock, title: { en: Locks, zh: 锁 }, tests: [{ name: t, points: 1 }] }
      - { id: pool-map, title: { en: A parallel map, zh: 并行映射 }, tests: [{ name: t, points: 1 }] }
      - { id: parts, title: { en: In parts, zh: 分段 }, files: [src/lib.rs, src/part.rs], tests: [{ name: t, points: 1 }] }
";

const STUBS: [(&str, &str); 3] = [
    ("lock", "pub struct Account;\npub fn change() { todo!() }\n"),
    ("pool-map", "pub fn pool_map() { todo!() }\n"),
    ("parts", "mod part;\npub fn whole() { todo!() }\n"),
];

const LOCK: &str = "pub struct Account { n: u32 }\npub fn change() {}\n";
const POOL: &str = "use std::io;\npub fn pool_map() -> u32 { 1 }\n";

/// A course and a folder for what is handed in.
struct Desk {
    folder: tempfile::TempDir,
    course: Course,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (lesson, stub) in STUBS {
            let place = folder.path().join("course/exercises").join(lesson).join("src");
            std::fs::create_dir_all(&place).unwrap();
            std::fs::write(place.join("lib.rs"), stub).unwrap();
        }
        let course = course::parse(COURSE, Path::new("course.yaml")).unwrap();
        Self { folder, course }
    }

    fn put(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn take(&self, source: &str, asked: &Asked<'_>) -> Result<Intake, IntakeError> {
        let lessons: Vec<String> = asked.lessons.iter().map(ToString::to_string).collect();
        let maps: Vec<Map> = asked.maps.iter().map(|map| map.parse().unwrap()).collect();
        let roster = asked.roster.map(|text| Roster::parse(text).unwrap());
        collect(
            &[self.at(source)],
            &Options {
                course: &self.course,
                root: &self.at("course"),
                lessons: &choose(&self.course, &lessons).unwrap(),
                layout: asked.layout,
                maps: &maps,
                roster: roster.as_ref(),
            },
        )
    }

    fn told(&self, source: &str, asked: &Asked<'_>) -> Vec<String> {
        told(&self.take(source, asked).unwrap())
    }
}

/// What is on the command line besides the source.
#[derive(Default)]
struct Asked<'a> {
    lessons: &'a [&'a str],
    layout: Option<Layout>,
    maps: &'a [&'a str],
    roster: Option<&'a str>,
}

/// `student lesson #attempt: first line of the first file, or what is wrong`, then the notices.
fn told(intake: &Intake) -> Vec<String> {
    let line = |each: &intake::Submission| {
        let text = match each.read() {
            Ok(files) => {
                let lines = files.iter().map(|file| file.text.lines().next().unwrap_or_default());
                lines.collect::<Vec<_>>().join(" + ")
            }
            Err(bad) => bad.to_string(),
        };
        format!("{} {} #{}: {text}", each.student, each.lesson, each.attempt.number)
    };
    let notices = intake.notices.iter().map(|notice| format!("{:?} {notice}", notice.kind));
    intake.submissions.iter().map(line).chain(notices).collect()
}

/// A zip of these files.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn plain_folders_and_copies_of_the_students_edition_are_taken_in() {
    let desk = Desk::new();
    desk.put("class/ada/lock/src/lib.rs", LOCK);
    desk.put("class/ada/pool-map/lib.rs", POOL);
    desk.put("class/bao/exercises/lock/src/lib.rs", LOCK);
    desk.put("class/bao/exercises/pool-map/src/lib.rs", STUBS[1].1);
    desk.put("class/bao/exercises/lock/tests/lock.rs", "fn t() {}");
    desk.put("class/chidi/lock/notes.txt", "not done");
    desk.put(
        "class/dana.zip",
        zip(&[("my-course-main/exercises/lock/src/lib.rs", LOCK.as_bytes())]),
    );
    assert_eq!(
        desk.told("class", &Asked::default()),
        [
            "ada lock #1: pub struct Account { n: u32 }",
            "ada pool-map #1: use std::io;",
            "bao lock #1: pub struct Account { n: u32 }",
            "chidi lock #1: src/lib.rs: was not handed in",
            "dana lock #1: pub struct Account { n: u32 }",
        ]
    );
    let only = Asked { lessons: &["pool-map"], ..Asked::default() };
    assert_eq!(desk.told("class", &only), ["ada pool-map #1: use std::io;"]);
}

#[test]
fn editors_and_archivers_of_windows_change_nothing() {
    let desk = Desk::new();
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    desk.put("class/ada/exercises/lock/src/lib.rs", windows(LOCK));
    desk.put("class/ada/exercises/pool-map/src/lib.rs", windows(STUBS[1].1));
    desk.put("class/bao/work.rs", windows(LOCK));
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().system(zip::System::Dos);
    writer.start_file("lock\\src\\lib.rs", options).unwrap();
    writer.write_all(LOCK.as_bytes()).unwrap();
    desk.put("class/chidi.zip", writer.finish().unwrap().into_inner());
    let told = desk.told("class", &Asked::default());
    let told: Vec<_> = told.iter().map(|line| line.replace('\u{feff}', "")).collect();
    assert_eq!(
        told,
        ["ada", "bao", "chidi"]
            .map(|who| format!("{who} lock #1: pub struct Account {{ n: u32 }}"))
    );
}

#[test]
fn a_class_in_an_archive_within_a_folder_is_taken_in() {
    let desk = Desk::new();
    let class = [
        ("handed-in/ada/lock/src/lib.rs", LOCK.as_bytes()),
        ("handed-in/bao/lock/lib.rs", LOCK.as_bytes()),
    ];
    desk.put("class.zip", zip(&class));
    let intake = desk.take("class.zip", &Asked::default()).unwrap();
    assert_eq!(intake.taken[0].layout, Layout::Plain);
    assert_eq!(intake.submissions.len(), 2);
}

#[test]
fn files_are_told_by_name_by_content_or_because_one_lesson_was_asked_for() {
    let desk = Desk::new();
    desk.put("class/ada/lock.rs", "// whatever");
    desk.put("class/ada/work.rs", POOL);
    desk.put("class/bao/final/lib.rs", "// unfinished");
    // The driver comes along with what it has in `acts`, and is nobody's work.
    desk.put("class/ada/src/main.rs", "fn main() {}");
    desk.put("class/ada/src/acts/mod.rs", "pub fn act() {}");
    assert_eq!(
        desk.told("class", &Asked::default()),
        [
            "ada lock #1: // whatever",
            "ada pool-map #1: use std::io;",
            "Unmatched bao/final/lib.rs: fits no lesson; say which with --map",
        ]
    );
    let lock = Asked { lessons: &["lock"], ..Asked::default() };
    assert_eq!(
        desk.told("class", &lock),
        ["ada lock #1: // whatever", "bao lock #1: // unfinished"]
    );
    let map =
        Asked { maps: &["bao/final/*=parts"], lessons: &["lock", "parts"], ..Asked::default() };
    assert_eq!(
        desk.told("class", &map),
        ["ada lock #1: // whatever", "bao parts #1: src/part.rs: was not handed in"]
    );
}

#[test]
fn lessons_of_several_files_are_put_together() {
    let desk = Desk::new();
    desk.put("class/ada/parts/src/lib.rs", "mod part;");
    desk.put("class/ada/parts/src/part.rs", "// part");
    desk.put("class/bao/upload/lib.rs", "mod part;\npub fn whole() {}");
    desk.put("class/bao/upload/part.rs", "// bao's");
    assert_eq!(
        desk.told("class", &Asked { lessons: &["parts"], ..Asked::default() }),
        ["ada parts #1: mod part; + // part", "bao parts #1: mod part; + // bao's",]
    );
}

#[test]
fn what_can_be_read_in_two_ways_is_listed_and_not_guessed() {
    let desk = Desk::new();
    desk.put("class/ada/lock/src/lib.rs", LOCK);
    desk.put("class/ada/old/lock/src/lib.rs", "// older");
    desk.put("class/bao/both.rs", format!("{LOCK}{POOL}"));
    desk.put("class/chidi/lock/src/lib.rs", LOCK);
    desk.put("class/chidi/backup/lock/lib.rs", LOCK);
    let told = desk.told("class", &Asked::default());
    assert_eq!(told[0], "chidi lock #1: pub struct Account { n: u32 }");
    assert!(
        told[1].starts_with("Ambiguous ada: `lock` and `old/lock` differ and both fit lock"),
        "{told:#?}"
    );
    assert!(told[2].starts_with("Ambiguous bao/both.rs: fits lock and pool-map"), "{told:#?}");
    assert_eq!(told.len(), 3);
}

#[test]
fn students_who_are_one_on_many_systems_are_refused() {
    let desk = Desk::new();
    desk.put("class/Ada/lock/lib.rs", LOCK);
    desk.put("class/ada/lock/lib.rs", "// mine");
    desk.put("class/bao/lock/lib.rs", LOCK);
    let told = desk.told("class", &Asked::default());
    assert_eq!(told.len(), 2);
    assert!(told[1].starts_with("Refused `Ada` and `ada`: differ in case alone"), "{told:#?}");
}

#[test]
fn names_that_would_do_harm_are_made_safe() {
    let desk = Desk::new();
    desk.put("class/-rf/lock/lib.rs", LOCK);
    desk.put("class/.hidden/lock/lib.rs", LOCK);
    desk.put("class/a\nb/lock/lib.rs", LOCK);
    let intake = desk.take("class", &Asked::default()).unwrap();
    let names: Vec<_> = intake.submissions.iter().map(|each| each.student.as_str()).collect();
    assert_eq!(names, ["_-rf", "_.hidden", "a\\nb"]);
    let roster = Asked { roster: Some("student,name\n../x,Ada\n"), ..Asked::default() };
    desk.put("other/ada/lock/lib.rs", LOCK);
    assert_eq!(desk.take("other", &roster).unwrap().submissions[0].student.as_str(), "_.._x");
}

#[test]
fn a_moodle_download_with_archives_of_students_is_taken_in() {
    let desk = Desk::new();
    let (ada, evil) =
        (zip(&[("lock/src/lib.rs", LOCK.as_bytes())]), zip(&[("../escaped.rs", b"x")]));
    let twice = zip(&[("again.zip", &zip(&[("lib.rs", LOCK.as_bytes())]))]);
    let thrice = zip(&[("again.zip", &twice)]);
    desk.put(
        "COS101-Locks-4711.zip",
        zip(&[
            ("Ada O Lovelace_101_assignsubmission_file/solution.zip", &ada),
            ("Bao Nguyen_102_assignsubmission_file_/lib.rs", LOCK.as_bytes()),
            ("Chidi_103_assignsubmission_file/homework.docx", b"PK"),
            ("Dana_104_assignsubmission_file/evil.zip", &evil),
            ("Eve_105_assignsubmission_file/nested.zip", &twice),
            ("Fay_106_assignsubmission_file/nested.zip", &thrice),
            ("Bao Nguyen_107_assignsubmission_file/lib.rs", b"// another Bao"),
            ("Gil_108_assignsubmission_file/work.rar", b"Rar!"),
        ]),
    );
    let intake = desk.take("COS101-Locks-4711.zip", &Asked::default()).unwrap();
    assert_eq!(intake.taken[0].layout, Layout::Moodle);
    assert_eq!(
        told(&intake),
        [
            "Ada O Lovelace lock #1: pub struct Account { n: u32 }",
            "Bao Nguyen (102) lock #1: pub struct Account { n: u32 }",
            "Bao Nguyen (107) lock #1: // another Bao",
            "Chidi lock #1: src/lib.rs: was not handed in; only `homework.docx` is there",
            "Dana lock #1: evil.zip: it holds the path `../escaped.rs`, which leads out of it",
            "Eve lock #1: pub struct Account { n: u32 }",
            "Fay lock #1: nested/again/again.zip: `nested/again/again.zip` is an archive in an archive in an archive; hand in the files themselves",
            "Gil lock #1: work.rar: it cannot be read (only zip, tar and tar.gz are read); make a new one",
            "Remark Chidi_103_assignsubmission_file: counts as handed in without src/lib.rs; only `homework.docx` is there",
        ]
    );
    assert!(!desk.at("escaped.rs").exists());
}

#[test]
fn the_number_of_a_moodle_participant_says_nothing_but_which_of_namesakes() {
    let desk = Desk::new();
    for who in ["Nguyen Bao_101", "Zed_102", "Participant_103", "Li Wei_104", "Mo_105"] {
        desk.put(&format!("Locks/{who}_assignsubmission_file/lib.rs"), LOCK);
    }
    let roster = "student,name,id\nada,Ada Lovelace,101\nbao,Bao Nguyen,7\nfay,Fay Po,102\n\
                  gil,Gil Wu,103\nwei,Li Wei,104\nwei2,Li Wei,105\nmo,Mo,1\nmo2,Mo,2\n";
    let asked = Asked { lessons: &["lock"], roster: Some(roster), ..Asked::default() };
    assert_eq!(
        desk.told("Locks", &asked),
        [
            "Participant 103 lock #1: pub struct Account { n: u32 }",
            "Zed lock #1: pub struct Account { n: u32 }",
            "bao lock #1: pub struct Account { n: u32 }",
            "wei lock #1: pub struct Account { n: u32 }",
            "Ambiguous Mo_105_assignsubmission_file: may be of mo or of mo2; take Moodle's grading worksheet of this assignment as the roster",
            "Unknown Participant 103",
            "Unknown Zed",
            "Missing ada: Ada Lovelace",
            "Missing fay: Fay Po",
            "Missing gil: Gil Wu",
            "Missing wei2: Li Wei",
        ]
    );
}

#[test]
fn a_number_of_the_systems_that_is_another_students_on_the_roster_is_not_believed() {
    let desk = Desk::new();
    desk.put("submissions/nguyenbao_101_900_lib.rs", LOCK);
    desk.put("submissions/zed_102_901_lib.rs", LOCK);
    let roster = "student,name,id\nada,Ada Lovelace,101\nbao,Bao Nguyen,7\nfay,Fay Po,102\n";
    let asked = Asked { lessons: &["lock"], roster: Some(roster), ..Asked::default() };
    assert_eq!(
        desk.told("submissions", &asked),
        [
            "fay lock #1: pub struct Account { n: u32 }",
            "Ambiguous nguyenbao_101_900_lib.rs: may be of bao or of ada; give their numbers in the roster",
            "Remark zed_102_901_lib.rs: is taken for fay, by the number 102 alone; the name is another",
        ]
    );
}

#[test]
fn names_that_one_student_chose_do_not_keep_the_class_from_being_graded() {
    let desk = Desk::new();
    let long = "l".repeat(256);
    desk.put(
        "Locks-4.zip",
        zip(&[
            ("Ada_1_assignsubmission_file/lib.rs", LOCK.as_bytes()),
            ("Bao_2_assignsubmission_file/notes.txt", b"x"),
            ("Bao_2_assignsubmission_file/lib.rs", LOCK.as_bytes()),
            ("Bao_2_assignsubmission_file/Lib.rs", b"// another"),
            ("Bao_2_assignsubmission_file/more.rs", b"x"),
            ("Chidi_3_assignsubmission_file/a\u{202e}b.rs", b"x"),
            (&format!("Dana_4_assignsubmission_file/{long}"), b"x"),
            ("שרה\u{200f} כהן_5_assignsubmission_file/lib.rs", LOCK.as_bytes()),
            ("Eve_6_assignsubmission_file_lib.rs", LOCK.as_bytes()),
            ("Eve_6_assignsubmission_file_LIB.rs", b"// another"),
            ("Gil_7_assignsubmission_onlinetext_onlinetext.html", b"typed"),
        ]),
    );
    let roster = "student,name\nada,Ada\nbao,Bao\nchidi,Chidi\ndana,Dana\nsara,שרה\u{200f} כהן\neve,Eve\nfay,Fay\ngil,Gil\n";
    let asked = Asked { roster: Some(roster), ..Asked::default() };
    assert_eq!(
        desk.told("Locks-4.zip", &asked),
        [
            "ada lock #1: pub struct Account { n: u32 }",
            "sara lock #1: pub struct Account { n: u32 }",
            "Refused Bao_2_assignsubmission_file: it holds `Bao_2_assignsubmission_file/lib.rs` and `Bao_2_assignsubmission_file/Lib.rs`, which are the same file on many systems",
            "Refused Chidi_3_assignsubmission_file: it holds the name `Chidi_3_assignsubmission_file/a\\u{202e}b.rs` with characters that do not show",
            "Refused Dana_4_assignsubmission_file: it holds a path that is too long: `Dana_4_assignsubmission_file/lllllllllllllllllllllllllllllllllllllllllllllllllll...`",
            "Refused Eve_6_assignsubmission_file_LIB.rs: it holds `Eve_6_assignsubmission_file_lib.rs` and `Eve_6_assignsubmission_file_LIB.rs`, which are the same file on many systems",
            "Refused Eve_6_assignsubmission_file_lib.rs: it holds `Eve_6_assignsubmission_file_lib.rs` and `Eve_6_assignsubmission_file_LIB.rs`, which are the same file on many systems",
            "Unmatched Gil_7_assignsubmission_onlinetext_onlinetext.html: is a submission of the kind `onlinetext`, and only files are graded",
            "Missing fay: Fay",
        ]
    );
    desk.put("Locks-5.zip", zip(&[("x\u{202e}/../../escaped.rs", b"x")]));
    let error = desk.take("Locks-5.zip", &Asked::default()).err().unwrap().to_string();
    assert!(error.contains("is not taken in"), "{error}");
    assert!(!desk.at("escaped.rs").exists());
}

#[test]
fn a_canvas_download_has_late_ones_and_attempts() {
    let desk = Desk::new();
    desk.put("submissions/lovelaceada_11_900_lib.rs", "// first");
    desk.put("submissions/lovelaceada_LATE_11_901_lib-1.rs", "// second");
    desk.put("submissions/nguyenbao_12_902_lock.zip", zip(&[("lib.rs", LOCK.as_bytes())]));
    let roster =
        "student,name,id,section\nada,Ada Lovelace,s1,A\nbao,Bao Nguyen,12,B\nfay,Fay,13,B\n";
    let asked = Asked { lessons: &["lock"], roster: Some(roster), ..Asked::default() };
    let intake = desk.take("submissions", &asked).unwrap();
    assert_eq!(
        told(&intake),
        [
            "ada lock #1: // first",
            "ada lock #2: // second",
            "bao lock #1: pub struct Account { n: u32 }",
            "Missing fay: Fay",
        ]
    );
    let late: Vec<_> = intake.submissions.iter().map(|each| each.attempt.late).collect();
    assert_eq!(late, [Some(false), Some(true), Some(false)]);
    let ada = &intake.people[&intake.submissions[0].student];
    assert_eq!((ada.system_id.as_deref(), ada.section.as_deref()), (Some("11"), Some("A")));
}

#[test]
fn a_gradescope_export_counts_for_every_member_of_a_group() {
    let desk = Desk::new();
    let yaml = "submission_1:\n  :submitters:\n  - :name: Ada\n    :sid: s1\n    :email: ada@x.org\n  - :name: Bao\n    :sid: s2\n    :email: bao@x.org\n  :created_at: 2026-10-01 10:00:00 Z\n";
    let export = [
        ("assignment_5_export/submission_metadata.yml", yaml.as_bytes()),
        ("assignment_5_export/submission_1/src/lib.rs", LOCK.as_bytes()),
        ("__MACOSX/assignment_5_export/._x", b"x"),
    ];
    desk.put("export.zip", zip(&export));
    let intake =
        desk.take("export.zip", &Asked { lessons: &["lock"], ..Asked::default() }).unwrap();
    assert_eq!(intake.taken[0].layout, Layout::Gradescope);
    assert_eq!(
        told(&intake),
        [
            "Ada lock #1: pub struct Account { n: u32 }",
            "Bao lock #1: pub struct Account { n: u32 }"
        ]
    );
    let at = intake.submissions[0].attempt.at.as_ref().unwrap().to_string();
    assert_eq!(at, "2026-10-01T10:00:00Z");
}

#[test]
fn blackboard_attempts_come_in_the_order_of_their_times() {
    let desk = Desk::new();
    for (time, text) in [("2026-10-02-08-00-00", "// second"), ("2026-10-01-08-00-00", "// first")]
    {
        desk.put(&format!("gradebook/Locks_ada_attempt_{time}_lib.rs"), text);
        desk.put(&format!("gradebook/Locks_ada_attempt_{time}.txt"), "Name: Ada Lovelace (ada)\n");
    }
    let told = desk.told("gradebook", &Asked::default());
    assert_eq!(told, ["Ada Lovelace lock #1: // first", "Ada Lovelace lock #2: // second"]);
}

#[test]
fn clones_and_nbgraders_exchange_are_taken_in() {
    let desk = Desk::new();
    desk.put("pool-map-submissions/pool-map-ada-l/src/lib.rs", "// not like the stub");
    let told = desk.told("pool-map-submissions", &Asked::default());
    assert_eq!(told, ["ada-l pool-map #1: // not like the stub"]);
    desk.put("course-nb/submitted/ada/lock/lib.rs", "// nb");
    desk.put("course-nb/submitted/ada/lock/timestamp.txt", "2026-10-01 10:00:00.5 UTC");
    let intake = desk.take("course-nb", &Asked::default()).unwrap();
    assert_eq!(intake.taken[0].layout, Layout::Nbgrader);
    assert_eq!(
        intake.submissions[0].attempt.at.as_ref().unwrap().to_string(),
        "2026-10-01T10:00:00Z"
    );
}

#[test]
fn two_folders_that_are_of_one_student_are_listed() {
    let desk = Desk::new();
    desk.put("class/ada/lock/lib.rs", LOCK);
    desk.put("class/Ada Lovelace/lock/lib.rs", "// another");
    let roster = Asked { roster: Some("student,name\nada,Ada Lovelace\n"), ..Asked::default() };
    let told = desk.told("class", &roster);
    assert!(
        told[0].starts_with("Ambiguous ada: `Ada Lovelace` and `ada` are both of ada for lock"),
        "{told:#?}"
    );
}

#[test]
fn who_is_not_on_the_roster_is_graded_and_said() {
    let desk = Desk::new();
    desk.put("class/eve/lock/lib.rs", LOCK);
    let roster = Asked { roster: Some("student\nada\n"), ..Asked::default() };
    let told = desk.told("class", &roster);
    assert_eq!(
        told,
        ["eve lock #1: pub struct Account { n: u32 }", "Unknown eve", "Missing ada: "]
            .map(|line| line.trim_end_matches(": "))
    );
}

#[test]
fn sources_that_cannot_be_used_say_why() {
    let desk = Desk::new();
    let said = |source: &str, asked: &Asked<'_>| match desk.take(source, asked) {
        Ok(intake) => panic!("{source} was taken in: {:?}", told(&intake)),
        Err(error) => error.to_string(),
    };
    assert!(said("nowhere", &Asked::default()).contains("cannot read"));
    desk.put("notes.txt", "x");
    assert!(said("notes.txt", &Asked::default()).contains("is no folder and no zip"));
    desk.put("broken.zip", "x");
    assert!(said("broken.zip", &Asked::default()).contains("is not taken in: it cannot be read"));
    File::create(desk.at("link.zip")).unwrap();
    desk.put("empty/ada/other/src/lib.rs", "");
    let empty = said("empty", &Asked::default());
    assert!(
        empty.contains("no submissions in")
            && empty.contains("ada/other/src/lib.rs: fits no lesson"),
        "{empty}"
    );
}

#[test]
fn a_layout_that_is_asked_for_is_taken() {
    let desk = Desk::new();
    desk.put("x/Ada_1_assignsubmission_file/lock/lib.rs", LOCK);
    let plain = Asked { layout: Some(Layout::Plain), ..Asked::default() };
    assert_eq!(
        desk.told("x", &plain),
        ["Ada_1_assignsubmission_file lock #1: pub struct Account { n: u32 }"]
    );
    let refused = |kind: Kind| kind.keeps_from_grading();
    assert!(refused(Kind::Ambiguous) && refused(Kind::Refused) && !refused(Kind::Missing));
}

#[test]
fn who_handed_in_what_is_not_taken_in_is_not_missing() {
    let desk = Desk::new();
    desk.put("class/zoe/a/lock.rs", "// one");
    desk.put("class/zoe/b/lock.rs", "// another");
    desk.put("class/ada/lock.rs", LOCK);
    let roster = Some("student,name\nada,Ada\nzoe,Zoe\nfay,Fay\n");
    let told = desk.told("class", &Asked { roster, ..Asked::default() });
    assert!(told[1].starts_with("Ambiguous zoe: "), "{told:?}");
    assert_eq!(told[2..], ["Missing fay: Fay"]);
}
