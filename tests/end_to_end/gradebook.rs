//! From a download of a learning-management system to the sheet that it reads.

use std::io::Read;

use predicates::prelude::*;
use predicates::str::contains;

use crate::{Class, grader, root, solution};

/// The course with policies, in a folder of its own.
fn course_with(policies: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in
        ["Cargo.toml", "Cargo.lock", "exercises", "grader", "interleave", "kit", "stage", "tests"]
    {
        std::os::unix::fs::symlink(root().join(part), folder.path().join(part)).unwrap();
    }
    let text = std::fs::read_to_string(root().join("course.yaml")).unwrap();
    let text = text.replacen("\nunits:\n", &format!("\n{policies}\nunits:\n"), 1);
    let text =
        text.replacen("      - id: lock\n", "      - id: lock\n        due: 2026-10-01 23:59\n", 1);
    std::fs::write(folder.path().join("course.yaml"), text).unwrap();
    folder
}

const POLICIES: &str = "policies: { zone: Europe/Berlin, late: [{ within: 1d, keeps: 50% }] }";

#[test]
fn late_work_extensions_overrides_and_a_filled_in_sheet() {
    let course = course_with(POLICIES);
    let class = Class::new();
    let blackboard = |user: &str, time: &str| {
        class.hand_in(&format!("Locks_{user}_attempt_{time}_lib.rs"), solution("lock"));
    };
    blackboard("ada", "2026-10-02-12-00-00");
    blackboard("bao", "2026-10-02-12-00-00");
    blackboard("chidi", "2026-10-01-12-00-00");
    let extensions = class.hand_in(
        "../extensions.csv",
        "student,lesson,due\nbao,lock,2026-10-03 12:00\nzoe,lock,2026-10-03 12:00\n",
    );
    let out = class.out();
    let run = |words: &[&str]| {
        let mut grader = grader();
        grader.args(words).arg("--out").arg(&out).arg("--course").arg(course.path());
        grader.env("CARGO_TARGET_DIR", root().join("target")).assert()
    };
    let (folder, extensions) = (class.path(), extensions.display().to_string());
    let folder = folder.to_str().unwrap();
    let grade = ["grade", folder, "--lesson", "lock", "--extensions", &extensions];
    run(&grade).code(0).stderr(
        contains("blackboard layout").and(contains("zoe has an extension for lock, and nobody is")),
    );

    let ada = &class.results()["submissions"][0];
    assert_eq!(
        (&ada["student"], &ada["score"], &ada["grade"]["points"]),
        (&"ada".into(), &14.into(), &7.into())
    );
    let sheet = std::fs::read_to_string(out.join("sheets/ada.txt")).unwrap();
    assert!(
        sheet.contains("counts for 7 points\n    handed in 12 h 1 min after it was due, keeps 50%"),
        "{sheet}"
    );
    let list = run(&["book", "list"]).code(0);
    list.stdout(
        contains("ada: 7 of 14").and(contains("bao: 14 of 14")).and(contains("chidi: 14 of 14")),
    );

    run(&["book", "override", "ada", "lock", "12.5", "--reason", "was ill"]).code(0);
    run(&["book", "override", "eve", "lock", "1", "--reason", "x"])
        .code(2)
        .stderr(contains("no student `eve`"));
    run(&["grade", folder, "--lesson", "lock"]).code(0);
    assert_eq!(class.results()["submissions"][0]["grade"]["points"], 12.5);

    let sheet = "\u{feff}\"Last Name\",\"First Name\",\"Username\",\"Student ID\",\"Locks [Total Pts: 14 Score] |9\"\r\n\"L\",\"Ada\",\"ada\",\"\",\"\"\r\n";
    let sheet = class.hand_in("../sheet.csv", sheet).display().to_string();
    let export = ["book", "export", "blackboard", "--sheet", &sheet, "--lesson", "lock"];
    run(&export)
        .code(0)
        .stdout(contains("\"ada\",\"\",\"12.5\""))
        .stderr(contains("bao has a grade and is not in the sheet"));
    let without = run(&["book", "export", "canvas"]);
    without.code(2).stderr(contains("--sheet"));
}

#[test]
fn what_changed_between_two_runs_is_said() {
    let class = Class::new();
    class.hand_in("ada/lock/lib.rs", solution("lock"));
    class.hand_in("bao/lock/lib.rs", "fn");
    class.grade().code(0);
    let old = class.out().with_file_name("old");
    std::fs::rename(class.out(), &old).unwrap();
    let compare = || grader().arg("compare").arg(&old).arg(class.out()).assert().code(0);
    class.grade().code(0);
    compare().stdout("2 unchanged, 0 with more points, 0 with fewer\n");
    class.hand_in("bao/lock/lib.rs", solution("lock") + "// bao\n");
    class.grade().code(0);
    compare().stdout(
        contains("bao, lock: 0 does-not-compile -> 14 pass")
            .and(contains("1 unchanged, 1 with more points")),
    );
}

#[test]
fn the_cache_knows_across_runs_and_students_and_can_be_looked_after() {
    let class = Class::new();
    class.hand_in("ada/lock/lib.rs", "fn one() {");
    let cache = class.out().with_file_name("cache");
    let grade = |out: &str| {
        let mut grader = grader();
        grader
            .arg("grade")
            .arg(class.path())
            .arg("--cache")
            .arg(&cache)
            .args(["--format", "json", "--out"]);
        grader.arg(class.out().with_file_name(out)).assert().code(0);
        let text = std::fs::read(class.out().with_file_name(out).join("results.json")).unwrap();
        let results: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let submissions = results["submissions"].as_array().unwrap().clone();
        submissions.iter().map(|each| each["duration_ms"].as_u64().unwrap() > 0).collect::<Vec<_>>()
    };
    assert_eq!(grade("first"), [true]);
    class.hand_in("bao/lock/lib.rs", "fn one() {");
    assert_eq!(grade("second"), [false, false]);
    let command =
        |word: &str| grader().args(["cache", word, "--cache"]).arg(&cache).assert().code(0);
    command("show").stdout(contains("holds 1 outcome,"));
    command("prune").stdout(contains("gave up 0 outcomes"));
    command("clear").stdout(contains("gave up 1 outcome"));
    assert_eq!(grade("third").iter().filter(|graded| **graded).count(), 1);
}

#[test]
fn what_is_left_out_is_said_and_ends_with_a_code_of_its_own() {
    let class = Class::new();
    class.hand_in("ada/lock/lib.rs", "fn");
    class.hand_in("Ada/lock/lib.rs", "fn");
    class.hand_in("bao/lock/lib.rs", "fn");
    let roster = class.hand_in("../roster.csv", "student,name\nbao,Bao\nfay,Fay\n");
    let mut grader = grader();
    grader.arg("grade").arg(class.path()).arg("--roster").arg(roster).arg("--out").arg(class.out());
    grader.assert().code(3).stdout(contains("1 not taken in")).stderr(
        contains("plain layout")
            .and(contains("`Ada` and `ada`: differ in case alone"))
            .and(contains("fay: Fay")),
    );
}

#[test]
fn each_students_page_goes_back_by_moodle() {
    let class = Class::new();
    let hand_in = |who: &str, code: &str| {
        class.hand_in(&format!("{who}_assignsubmission_file/lib.rs"), code);
    };
    hand_in("Ada Lovelace_101", &solution("lock"));
    hand_in("Bao Nguyen_102", "fn");
    let out = class.out();
    let run = |words: &[&str]| grader().args(words).arg("--out").arg(&out).assert();
    run(&["grade", class.path().to_str().unwrap(), "--lesson", "lock"]).code(0);
    let sheet = "\u{feff}Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum grade\"
\"Participant 102\",\"Bao Nguyen\",bao@example.org,Submitted,,14.00
\"Participant 101\",\"Ada Lovelace\",ada@example.org,Submitted,,14.00
\"Participant 777\",Eve,eve@example.org,\"No submission\",,14.00
";
    let sheet = class.hand_in("../Grades-Locks.csv", sheet).display().to_string();
    let to = class.out().with_file_name("feedback.zip");
    run(&["book", "feedback", "--sheet", &sheet, "--lesson", "lock", "--to", to.to_str().unwrap()])
        .code(0)
        .stderr(
            contains("2 pages in")
                .and(contains("Participant 777 (Eve) is in the sheet and handed")),
        );

    let mut zip = zip::ZipArchive::new(std::fs::File::open(to).unwrap()).unwrap();
    let mut page = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let ada = page("Ada Lovelace_101_assignfeedback_file_lock.html");
    assert!(ada.contains("Ada Lovelace") && !ada.contains("Bao"), "{ada}");
    let bao = page("Bao Nguyen_102_assignfeedback_file_lock.html");
    assert!(bao.contains("does-not-compile") && !bao.contains("Ada"), "{bao}");
    assert_eq!(zip.len(), 2);
}
