//! What an export holds besides the lesson: read as its platform reads it, installed as it says.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::scripts::{no_network, path, script};
use super::*;

/// Refused by the compiler at once.
const BROKEN: &str = "pub struct Semaphore";

#[test]
fn what_an_export_holds_can_be_read_by_what_reads_it() {
    for platform in Platform::ALL {
        for File { path, text, .. } in package(platform) {
            let name = format!("{platform}: {path}");
            match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
                "json" => drop(serde_json::from_str::<Value>(&text).expect(&name)),
                "yml" | "yaml" => {
                    drop(serde_yaml::from_str::<serde_yaml::Value>(&text).expect(&name))
                }
                "xml" => well_formed(&name, &text),
                _ if text.starts_with("#!") && text.lines().next().unwrap().ends_with("bash") => {
                    is_shell(&name, &text);
                }
                _ => {}
            }
        }
    }
    for name in ["run.sh", "install.sh"] {
        is_shell(name, &fs::read_to_string(bundle().join(name)).unwrap());
    }
}

fn well_formed(name: &str, text: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut open = 0;
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{name}: {error}")) {
            quick_xml::events::Event::Start(_) => open += 1,
            quick_xml::events::Event::End(_) => open -= 1,
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, 0, "{name}");
}

fn is_shell(name: &str, text: &str) {
    let mut shell = Command::new("bash");
    let mut shell = shell.arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let done = shell.wait_with_output().unwrap();
    assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
}

/// The lines of a step of the workflow.
fn step(host: &Host, name: &str) -> String {
    let workflow = host.read("package/.github/workflows/grade.yml");
    let workflow: serde_yaml::Value = serde_yaml::from_str(&workflow).unwrap();
    let steps = workflow["jobs"]["grade"]["steps"].as_sequence().unwrap();
    let step = steps.iter().find(|step| step["name"].as_str() == Some(name)).unwrap();
    step["run"].as_str().unwrap().to_owned()
}

#[test]
fn githubs_runner_installs_the_exported_archive_and_no_other() {
    let host = Host::new(Platform::GithubActions);
    script(&host, "packed/interleave/install.sh", "echo installed > \"$(dirname \"$0\")/done\"");
    let pack = ["czf", "released.tar.gz", "-C", "packed", "interleave"];
    assert!(host.run(".", "tar", &pack).status.success());
    let digest = out(&host.run(".", "sha256sum", &["released.tar.gz"]))[..64].to_owned();
    script(&host, "bin/sudo", "exec \"$@\"");
    script(
        &host,
        "bin/gh",
        "echo \"$GH_TOKEN: $*\" > asked\ncp released.tar.gz \"$RUNNER_TEMP\"/interleave.tar.gz",
    );
    let lines = step(&host, "Get the lesson");
    let run = |lines: &str, opt: &str| {
        for folder in ["temp", opt] {
            fs::create_dir_all(host.at(folder)).unwrap();
        }
        host.write("step.sh", lines.replace("/opt", &host.at(opt).display().to_string()));
        // A step's shell ends with the first command that fails.
        let mut shell = Command::new("bash");
        shell.args(["-e", "step.sh"]).current_dir(host.root.path()).env("PATH", path(&host));
        shell.env("RUNNER_TEMP", host.at("temp")).env("REPOSITORY", "teacher/lessons");
        shell.env("GH_TOKEN", "t1").output().unwrap()
    };
    let done = run(&lines.replace(&"0".repeat(64), &digest), "opt-1");
    assert!(done.status.success(), "{done:?}");
    assert_eq!(host.read("opt-1/interleave/done"), "installed\n");
    let asked = host.read("asked");
    assert!(asked.starts_with("t1: release download --repo teacher/lessons "), "{asked}");

    let done = run(&lines, "opt-2");
    assert!(!done.status.success(), "{done:?}");
    assert_eq!(fs::read_dir(host.at("opt-2")).unwrap().count(), 0);
}

/// Follows the recipe of an image in the folder `context` of the package, as far as it is about our files;
/// returns what the image runs.
fn build(host: &Host, context: &str) -> Vec<String> {
    let inside = |path: &str| host.at(path.trim_start_matches('/'));
    fs::remove_file(host.at("opt/interleave")).unwrap();
    no_network(host);
    let mut entry = Vec::new();
    for line in host.read(&format!("package/{context}Dockerfile")).lines() {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("#" | "FROM" | "LABEL" | "WORKDIR", _) => {}
            ("COPY", what) => {
                let (from, to) = what.split_once(' ').unwrap();
                let (from, to) = (host.at(&format!("package/{context}{from}")), inside(to));
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                // The lesson is large, and lies elsewhere.
                symlink(if from.exists() { &from } else { bundle() }, to).unwrap();
            }
            ("RUN", what) => {
                let mut command = Command::new(inside(what));
                command.env("PATH", path(host)).env("INTERLEAVE_ROOT", host.root.path());
                let done = command.output().unwrap();
                assert!(done.status.success(), "{what}: {done:?}");
            }
            ("ENTRYPOINT", what) => entry = serde_json::from_str(what).unwrap(),
            (word, _) => panic!("nobody knows how to do {word}"),
        }
    }
    entry.iter_mut().for_each(|word: &mut String| *word = inside(word).display().to_string());
    entry
}

#[test]
fn images_are_built_from_what_is_in_the_export_and_start_what_they_say() {
    for platform in
        [Platform::PrairieLearn, Platform::Gitlab, Platform::Submitty, Platform::Inginious]
    {
        let host = Host::new(platform);
        assert!(build(&host, "image/").is_empty());
        assert!(host.at("opt/interleave/run.sh").exists(), "{platform}");
    }

    let host = Host::new(Platform::Xqueue);
    let entry = build(&host, "");
    let mode = fs::metadata(&entry[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111);

    let host = Host::new(Platform::Coursera);
    let entry = build(&host, "");
    host.write("shared/submission/lib.rs", BROKEN);
    let done = host.run(".", &entry[0], &["partId", "x"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert_eq!(host.json("shared/feedback.json")["fractionalScore"], 0.0);

    let host = Host::new(Platform::Exercism);
    let entry = build(&host, "");
    host.write("solution/src/lib.rs", BROKEN);
    fs::create_dir(host.at("output")).unwrap();
    let folders = [host.at("solution"), host.at("output")].map(|path| path.display().to_string());
    let done = host.run(".", &entry[0], &[LESSON, &folders[0], &folders[1]]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert_eq!(host.json("output/results.json")["status"], "error");
}

#[test]
fn check50_asks_the_grader_for_what_its_checks_look_up() {
    let host = Host::new(Platform::Check50);
    let module = host.read("package/semaphore/__init__.py");
    let line =
        module.lines().find_map(|line| line.trim().strip_prefix("command = [RUN, ")).unwrap();
    let limit = module.lines().find_map(|line| line.strip_prefix("LIMIT = ")).unwrap();
    let results = module.lines().find_map(|line| line.strip_prefix("RESULTS = ")).unwrap();
    let line = line.trim_end_matches(']').replace("str(LIMIT)", limit).replace("RESULTS", results);
    let words: Vec<&str> = line.split(", ").map(|word| word.trim_matches('"')).collect();
    host.write("work/lib.rs", BROKEN);
    let done = host.run("work", host.at("opt/interleave/run.sh"), &words);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let found = host.json(&format!("work/{}", results.trim_matches('"')));
    let found = found["results"].as_array().unwrap();
    let mut looked_up = module
        .lines()
        .filter_map(|line| line.trim().strip_prefix("look_up(\"")?.strip_suffix("\")"));
    assert!(looked_up.all(|name| found.iter().any(|each| each["name"] == name)), "{found:?}");
    assert!(found.iter().all(|each| each["cause"]["rationale"].is_string()), "{found:?}");
    // Each check depends on the one that grades, and no name stands twice.
    let checks = module.matches("@check50.check(graded)\ndef ").count();
    assert_eq!(checks, found.len());
}
