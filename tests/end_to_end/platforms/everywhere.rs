//! The same mishaps on every platform: wrong files over a leftover, no time, a grader that cannot work.

use super::*;

/// How a platform runs the grader, and where it looks afterwards.
struct Way {
    platform: Platform,
    /// Where the platform runs it.
    here: &'static str,
    /// Where it puts what was handed in.
    submission: &'static str,
    /// What comes after `run.sh`.
    words: &'static [&'static str],
    /// Whether its paths are absolute.
    rooted: bool,
    /// The file that it reads; none if it reads standard output.
    result: Option<&'static str>,
}

const fn way(
    platform: Platform,
    [here, submission]: [&'static str; 2],
    words: &'static [&'static str],
    rooted: bool,
    result: Option<&'static str>,
) -> Way {
    Way { platform, here, submission, words, rooted, result }
}

const WORK: [&str; 2] = ["work", "work"];

const WAYS: [Way; 12] = [
    way(
        Platform::Gradescope,
        [".", "autograder/submission"],
        &["gradescope"],
        true,
        Some("autograder/results/results.json"),
    ),
    way(
        Platform::PrairieLearn,
        ["grade", "grade/student"],
        &["prairielearn"],
        true,
        Some("grade/results/results.json"),
    ),
    way(Platform::Autolab, WORK, &["autolab"], false, None),
    way(Platform::Vpl, WORK, &["vpl"], false, None),
    way(Platform::Classroom50, WORK, &["classroom50"], false, Some("work/result.json")),
    way(Platform::GithubActions, WORK, &["github-actions"], false, None),
    way(Platform::Gitlab, WORK, &["gitlab"], false, Some("work/interleave-junit.xml")),
    way(Platform::Exercism, WORK, &["exercism"], false, Some("work/results.json")),
    way(
        Platform::Check50,
        WORK,
        &["check50", "--output", "interleave.json"],
        false,
        Some("work/interleave.json"),
    ),
    way(
        Platform::Coursera,
        [".", "shared/submission"],
        &["coursera"],
        true,
        Some("shared/feedback.json"),
    ),
    way(Platform::Submitty, WORK, &["submitty"], false, Some("work/validation_results.json")),
    way(
        Platform::Inginious,
        ["task", "task/student/semaphore/src"],
        &["inginious"],
        true,
        Some(".__output/__feedback.json"),
    ),
];

const LEFTOVER: &str = "left over, and full marks";

impl Way {
    /// What the platform reads, and the exit code, when `file` was handed in.
    fn run(&self, file: &str, text: &str, more: &[&str]) -> (Option<String>, Option<i32>) {
        let host = Host::new(self.platform);
        host.write(&format!("{}/{file}", self.submission), text);
        if let Some(result) = self.result {
            host.write(result, LEFTOVER);
        }
        let root = host.slash();
        let mut words: Vec<&str> = self.words.to_vec();
        if self.rooted {
            words.extend(["--root", &root]);
        }
        words.extend(more);
        std::fs::create_dir_all(host.at(self.here)).unwrap();
        let mut command = Command::new(host.at("opt/interleave/run.sh"));
        command.args(words).current_dir(host.at(self.here));
        command.env("VPL_GRADEMIN", "0").env("VPL_GRADEMAX", "10");
        command.env_remove("GITHUB_STEP_SUMMARY").env_remove("GITHUB_ACTOR");
        let done = command.output().unwrap();
        let read = match self.result {
            Some(result) => std::fs::read_to_string(host.at(result)).ok(),
            None => Some(out(&done)),
        };
        (read, done.status.code())
    }
}

/// The score that a platform reads out of `text`, in its own measure; none where it has none.
fn score(platform: Platform, text: &str) -> Option<f64> {
    let json = || serde_json::from_str::<Value>(text).unwrap();
    match platform {
        Platform::Gradescope | Platform::PrairieLearn | Platform::Classroom50 => {
            json()["score"].as_f64()
        }
        Platform::Coursera => json()["fractionalScore"].as_f64(),
        Platform::Submitty => json()["data"]["score"].as_f64(),
        Platform::Inginious => json()["grade"].as_f64(),
        Platform::Autolab => {
            let last = text.trim_end().lines().last().unwrap();
            serde_json::from_str::<Value>(last).unwrap()["scores"][LESSON].as_f64()
        }
        Platform::Vpl => {
            text.lines().find_map(|line| line.strip_prefix("Grade :=>>")?.parse().ok())
        }
        Platform::Gitlab => {
            let graded = text.contains("<property name=\"score\" value=\"0\"/>");
            assert!(
                graded || text.contains("<property name=\"score\" value=\"unknown\"/>"),
                "{text}"
            );
            graded.then_some(0.0)
        }
        // A check passes, fails or is not there.
        Platform::Check50 => {
            let checks = json()["results"].as_array().unwrap().clone();
            assert!(checks.iter().all(|check| check["passed"] != true), "{text}");
            checks.iter().all(|check| check["passed"] == false).then_some(0.0)
        }
        // Neither has a number, and what says so are the exit code and the status.
        Platform::GithubActions | Platform::Exercism => None,
        Platform::CodeRunner | Platform::Xqueue => panic!("they are asked by a server"),
    }
}

#[test]
fn wrong_files_are_a_zero_that_names_them_and_a_leftover_is_gone() {
    for way in WAYS {
        let platform = way.platform;
        let (text, code) = way.run("essay.txt", "x", &[]);
        let text = text.unwrap_or_else(|| panic!("{platform}: nothing was written"));
        assert!(!text.contains(LEFTOVER), "{platform}: {text}");
        match platform {
            Platform::GithubActions => assert_eq!(code, Some(1), "{text}"),
            Platform::Exercism => assert!(text.contains(r#""status": "error""#), "{text}"),
            _ => assert_eq!(score(platform, &text), Some(0.0), "{platform}: {text}"),
        }
        // Classroom 50's closed form has no place for it; the log and the summary tell.
        let told = text.contains("was not handed in");
        assert!(told || platform == Platform::Classroom50, "{platform}: {text}");
    }
}

#[test]
fn no_time_is_no_score_anywhere_and_a_leftover_is_gone() {
    for way in WAYS {
        let platform = way.platform;
        let (text, code) = way.run("lib.rs", &solution(LESSON), &["--limit", "0"]);
        let text = text.unwrap_or_default();
        assert!(!text.contains(LEFTOVER), "{platform}: {text}");
        match platform {
            // The form has no word for it: there is no file, and the run fails.
            Platform::Classroom50 => assert_eq!((text.as_str(), code), ("", Some(3))),
            Platform::GithubActions => assert_eq!(code, Some(3), "{text}"),
            Platform::Gitlab | Platform::Coursera => {
                assert_eq!((score(platform, &text), code), (None, Some(3)), "{platform}: {text}");
            }
            Platform::Exercism => assert!(text.contains(r#""status": "error""#), "{text}"),
            _ => assert_eq!((score(platform, &text), code), (None, Some(0)), "{platform}: {text}"),
        }
    }
}

#[test]
fn answers_of_inginious_that_are_no_problems_write_nothing_and_a_group_is_told() {
    let host = Host::new(Platform::Inginious);
    let input = serde_json::json!({ "input": {
        "@username": "ada,bao", "semaphore": "pub struct Semaphore", "../../escaped": "x", "/x": "x",
    } });
    host.write(".__input/__inputdata.json", input.to_string());
    let done = host.run("task", host.at("package/semaphore/run"), &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let feedback = host.json(".__output/__feedback.json");
    assert_eq!((&feedback["result"], &feedback["grade"]), (&"failed".into(), &0.0.into()));
    assert!(
        feedback["text"].as_str().unwrap().contains("handed in together by ada, bao"),
        "{feedback}"
    );
    assert!(!host.at("escaped").exists() && !host.at("task/escaped").exists());

    host.write(".__input/__inputdata.json", "{\"input\": ");
    std::fs::remove_dir_all(host.at("task/student")).unwrap();
    let done = host.run("task", host.at("package/semaphore/run"), &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let feedback = host.json(".__output/__feedback.json");
    assert_eq!((&feedback["result"], feedback.get("grade")), (&"crash".into(), None));
    assert!(
        feedback["text"].as_str().unwrap().contains("__inputdata.json is malformed"),
        "{feedback}"
    );
}

#[test]
fn nobody_hears_of_a_failure_that_is_hidden_but_for_the_total() {
    let path = root().join("tests/submissions/semaphore/value-up-to-four/lib.rs");
    let wrong = std::fs::read_to_string(path).unwrap();
    for way in WAYS {
        let (text, code) = match way.platform {
            // Nothing but the whole submission is handed to this one.
            Platform::Gradescope => way.run("lib.rs", &wrong, &[]),
            // These say most of all.
            Platform::GithubActions | Platform::Check50 => way.run("lib.rs", &wrong, &[]),
            _ => continue,
        };
        let text = text.unwrap();
        match way.platform {
            Platform::Gradescope => {
                let mut results: Value = serde_json::from_str(&text).unwrap();
                assert!(results["score"].as_f64().unwrap() < 10.0, "{text}");
                let tests = results["tests"].as_array_mut().unwrap();
                tests.retain(|test| test["visibility"] == "visible");
                assert!(tests.iter().all(|test| test["status"] == "passed"), "{results}");
                no_secrets(&results.to_string());
            }
            Platform::GithubActions => {
                assert_eq!(code, Some(1));
                assert!(text.contains("1 more test is not shown"), "{text}");
                no_secrets(&text);
            }
            _ => {
                let results: Value = serde_json::from_str(&text).unwrap();
                let checks = results["results"].as_array().unwrap();
                assert!(checks.iter().all(|check| check["passed"] == true), "{text}");
                no_secrets(&text);
            }
        }
    }
}
