//! The right solution gets full marks everywhere, and nobody hears of the hidden test.

use super::*;

const FULL: i64 = 10;

#[test]
fn the_list_has_a_line_for_each_platform_and_each_has_a_page() {
    let list = grader().args(["export", "--list"]).assert().code(0);
    let list = out(list.get_output());
    assert_eq!(list.lines().count(), Platform::ALL.len());
    for platform in Platform::ALL {
        assert!(list.contains(platform.describe()));
        let page = root().join(format!("docs/platforms/{platform}.md"));
        let page =
            std::fs::read_to_string(&page).unwrap_or_else(|_| panic!("no {}", page.display()));
        for part in ["## Upload", "## Limits", "## What is protected"] {
            assert!(page.contains(part), "{platform}: {part}");
        }
    }
}

#[test]
fn gradescope_runs_what_was_in_the_zip_and_gets_a_hidden_test_as_one() {
    let host = Host::new(Platform::Gradescope);
    std::fs::create_dir_all(host.at("autograder/source")).unwrap();
    symlink(bundle(), host.at("autograder/source/interleave")).unwrap();
    // Gradescope takes it from the zip's root to where it runs it.
    let entry = std::fs::read_to_string(bundle().parent().unwrap().join("run_autograder")).unwrap();
    host.write_program("autograder/run_autograder", &entry);
    host.write("autograder/submission/project/src/lib.rs", solution(LESSON));
    host.write("autograder/submission_metadata.json", r#"{"users": [{"name": "Ada"}]}"#);
    let done = host.run("autograder", host.at("autograder/run_autograder"), &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let mut results = host.json("autograder/results/results.json");
    assert_eq!(results["score"], FULL, "{results}");
    assert_eq!(results["tests"].as_array().unwrap().len(), 8);
    results["tests"].as_array_mut().unwrap().retain(|test| test["visibility"] == "visible");
    assert_eq!(results["tests"].as_array().unwrap().len(), 7);
    no_secrets(&results.to_string());
}

#[test]
fn prairielearn_runs_the_entrypoint_of_the_question() {
    let host = Host::new(Platform::PrairieLearn);
    let info = host.json("package/questions/semaphore/info.json");
    let entry = info["externalGradingOptions"]["entrypoint"].as_str().unwrap();
    host.write("grade/student/lib.rs", solution(LESSON));
    host.write("grade/data/data.json", "{}");
    let done = host.line("grade", entry, &["--root", &host.slash()]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let results = host.json("grade/results/results.json");
    assert_eq!(results["score"], 1.0);
    let pointed = |test: &Value| test["points"].is_number() && test["max_points"].is_number();
    assert!(results["tests"].as_array().unwrap().iter().all(pointed));
    no_secrets(&results.to_string());
}

#[test]
fn autolab_runs_make_and_reads_the_last_line() {
    let host = Host::new(Platform::Autolab);
    let makefile = host.read("package/autograde-Makefile");
    // Autolab's make runs these lines; the first unpacks the archive beside the hand-in.
    let recipe: Vec<_> = makefile.lines().filter_map(|line| line.strip_prefix("\t@")).collect();
    assert!(recipe[0].starts_with("tar xf autograde.tar"));
    host.write("work/lib.rs", solution(LESSON));
    symlink(bundle(), host.at("work/interleave")).unwrap();
    let line = recipe[1].split_once(" ||").unwrap().0;
    let done = host.line("work", line, &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let text = out(&done);
    assert_eq!(text.trim_end().lines().last(), Some(r#"{"scores":{"semaphore":10}}"#));
    no_secrets(&text);
}

#[test]
fn vpl_makes_its_execution_and_scans_what_that_prints() {
    let host = Host::new(Platform::Vpl);
    host.write("home/src/lib.rs", solution(LESSON));
    host.write("home/vpl_environment.sh", "export VPL_GRADEMIN=0\nexport VPL_GRADEMAX=5\n");
    std::fs::copy(host.at("package/vpl_evaluate.sh"), host.at("home/vpl_evaluate.sh")).unwrap();
    assert_eq!(host.run("home", "bash", &["./vpl_evaluate.sh"]).status.code(), Some(0));
    let done = host.run("home", host.at("home/vpl_execution"), &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let text = out(&done);
    assert_eq!(text.lines().last(), Some("Grade :=>>5"));
    no_secrets(&text);
}

#[test]
fn classroom50_gets_a_closed_result_of_whole_numbers() {
    let host = Host::new(Platform::Classroom50);
    assert!(
        host.read("package/autograder.py").contains(r#"os.execv(run, [str(run), "classroom50""#)
    );
    host.write("repository/exercises/semaphore/src/lib.rs", solution(LESSON));
    let done = host.line("repository", "/opt/interleave/run.sh classroom50", &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let result = host.json("repository/result.json");
    let schema = root().join("grader/crates/platforms/schemas/classroom50-result.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let keys: Vec<_> = result.as_object().unwrap().keys().collect();
    assert_eq!(keys, schema["properties"].as_object().unwrap().keys().collect::<Vec<_>>());
    assert_eq!((&result["score"], &result["max-score"]), (&FULL.into(), &FULL.into()));
    no_secrets(&(result.to_string() + &out(&done)));
}

#[test]
fn github_actions_get_a_summary_and_a_green_job() {
    let host = Host::new(Platform::GithubActions);
    let workflow = host.read("package/.github/workflows/grade.yml");
    let line = workflow.lines().find_map(|line| line.trim().strip_prefix("run: sudo ")).unwrap();
    let line = line.split_once(' ').unwrap().1;
    host.write("repository/exercises/semaphore/src/lib.rs", solution(LESSON));
    host.write("summary.md", "what an earlier step wrote\n");
    let line = format!("env GITHUB_STEP_SUMMARY={} {line}", host.at("summary.md").display());
    let done = host.line("repository", &line, &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let summary = host.read("summary.md");
    assert!(summary.starts_with("what an earlier step wrote\n## 10 of 10 points"), "{summary}");
    no_secrets(&(summary + &out(&done)));
}

#[test]
fn gitlab_gets_two_reports() {
    let host = Host::new(Platform::Gitlab);
    let configuration = host.read("package/.gitlab-ci.yml");
    let line = configuration.lines().find_map(|line| line.trim().strip_prefix("- /opt")).unwrap();
    host.write("repository/semaphore/src/lib.rs", solution(LESSON));
    let done = host.line("repository", &format!("/opt{line}"), &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let junit = host.read("repository/interleave-junit.xml");
    assert!(junit.contains(r#"tests="7" failures="0" errors="0""#), "{junit}");
    assert_eq!(host.json("repository/gl-code-quality-report.json"), serde_json::json!([]));
    no_secrets(&(junit + &out(&done)));
}

#[test]
fn exercism_runs_the_test_runner() {
    let host = Host::new(Platform::Exercism);
    symlink(bundle(), host.at("package/interleave")).unwrap();
    host.write("solution/src/lib.rs", solution(LESSON));
    std::fs::create_dir(host.at("output")).unwrap();
    let folders = [host.at("solution"), host.at("output")].map(|path| path.display().to_string());
    let arguments = [LESSON, &folders[0], &folders[1]];
    let done = host.run(".", host.at("package/bin/run.sh"), &arguments);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let results = host.json("output/results.json");
    assert_eq!((&results["version"], &results["status"]), (&3.into(), &"pass".into()));
    let code = results["tests"][0]["test_code"].as_str().unwrap();
    assert!(code.starts_with("fn every_worker_gets_its_turn() {"), "{code}");
    no_secrets(&(results.to_string() + &out(&done)));
    assert_eq!(std::fs::read_dir(host.at("output")).unwrap().count(), 1);
}

#[test]
fn check50_gets_a_result_for_each_check() {
    let host = Host::new(Platform::Check50);
    let module = host.read("package/semaphore/__init__.py");
    assert!(module.contains("def every_worker_gets_its_turn():") && !module.contains(SECRETS[0]));
    host.write("work/lib.rs", solution(LESSON));
    let line = "/opt/interleave/run.sh check50 --lesson semaphore --output interleave.json";
    let done = host.line("work", line, &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let results = host.json("work/interleave.json");
    let results = results["results"].as_array().unwrap();
    assert_eq!(results.iter().filter(|check| check["passed"] == true).count(), 7);
    no_secrets(&(format!("{results:?}") + &out(&done)));
}

#[test]
fn coursera_gets_a_share_and_adds_arguments_that_nobody_minds() {
    let host = Host::new(Platform::Coursera);
    host.write("shared/submission/lib.rs", solution(LESSON));
    let done = host.run(".", host.at("package/grade.sh"), &["partId", "Xy1"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let feedback = host.json("shared/feedback.json");
    assert_eq!(feedback["fractionalScore"], 1.0);
    no_secrets(&feedback.to_string());
}

#[test]
fn submitty_runs_the_custom_validator() {
    let host = Host::new(Platform::Submitty);
    let configuration = host.json("package/config/config.json");
    let command = configuration["testcases"][0]["validation"][0]["command"].as_str().unwrap();
    host.write("work/lib.rs", solution(LESSON));
    let done = host.line("work", command, &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let results = host.json("work/validation_results.json");
    assert_eq!((&results["status"], &results["data"]["score"]), (&"success".into(), &1.0.into()));
    no_secrets(&results.to_string());
}

#[test]
fn inginious_hands_answers_over_as_text() {
    let host = Host::new(Platform::Inginious);
    let input =
        serde_json::json!({ "input": { "@username": "ada", "semaphore": solution(LESSON) } });
    host.write(".__input/__inputdata.json", input.to_string());
    host.write(".__output/__feedback.json", "");
    let done = host.run("task", host.at("package/semaphore/run"), &[]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let feedback = host.json(".__output/__feedback.json");
    assert_eq!((&feedback["result"], &feedback["grade"]), (&"success".into(), &100.0.into()));
    no_secrets(&feedback.to_string());
}
