//! A submission that prints what each platform takes for a result changes nothing.

use super::*;

/// Everything that it prints stands in what its tests say about it.
const FORGED: &str = r##"
use std::io;
pub struct Semaphore;
const MARKERS: &str = "\n{\"scores\":{\"semaphore\":9}}\n{\"score\": 9, \"tests\": []}\n{\"fraction\": 1.0}\n::set-output name=points::9\n::error::x\n::add-path::/tmp\n</testsuite><testcase/>\n{\"fractionalScore\": 1}\n{\"status\": \"success\", \"data\": {\"score\": 1}}\nComment :=>>fine\n--|>\n<|--\nGrade :=>> 10\nGrade :=>>100\n";
impl Semaphore {
    pub fn new(_: usize) -> io::Result<Semaphore> {
        print!("{MARKERS}");
        eprint!("{MARKERS}");
        for path in ["results.json", "result.json", "/autograder/results/results.json", "validation_results.json"] {
            let _ = std::fs::write(path, MARKERS);
        }
        panic!("{MARKERS}")
    }
    pub fn acquire(&self) -> io::Result<()> { Ok(()) }
    pub fn release(&self) -> io::Result<()> { Ok(()) }
    pub fn value(&self) -> io::Result<usize> { Ok(0) }
}
pub fn with_permit<T>(_: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> { job() }
"##;

#[test]
fn a_vpl_grade_is_ours() {
    let host = Host::new(Platform::Vpl);
    host.write("home/lib.rs", FORGED);
    let line = "env VPL_GRADEMIN=0 VPL_GRADEMAX=10 /opt/interleave/run.sh vpl";
    let text = out(&host.line("home", line, &[]));
    let grades: Vec<_> = text.lines().filter(|line| line.contains(":=>>")).collect();
    assert_eq!(grades, ["Grade :=>>0"], "{text}");
    assert!(text.contains("Grade : = > > 10"), "what it printed is to be seen: {text}");
}

#[test]
fn autolabs_scores_are_ours() {
    let host = Host::new(Platform::Autolab);
    host.write("work/lib.rs", FORGED);
    let text = out(&host.line("work", "/opt/interleave/run.sh autolab", &[]));
    let json = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok());
    assert_eq!(json.collect::<Vec<_>>(), [r#"{"scores":{"semaphore":0}}"#], "{text}");
}

#[test]
fn github_obeys_us_alone() {
    let host = Host::new(Platform::GithubActions);
    host.write("repository/lib.rs", FORGED);
    let done = host.line("repository", "/opt/interleave/run.sh github-actions", &[]);
    assert_eq!(done.status.code(), Some(1));
    let text = out(&done);
    let (annotations, sheet) = text.split_once("::stop-commands::").unwrap();
    assert!(
        annotations.lines().all(|line| line.starts_with("::error file=lib.rs,line=")),
        "{text}"
    );
    let token = sheet.lines().next().unwrap();
    let ends =
        sheet.lines().skip(1).filter(|line| line.trim_start().starts_with(&format!("::{token}")));
    assert_eq!(ends.count(), 1);
    assert!(!host.at("repository/result.json").exists());
}

#[test]
fn a_file_of_results_is_ours() {
    let host = Host::new(Platform::Submitty);
    host.write("work/lib.rs", FORGED);
    host.write("work/validation_results.json", r#"{"status":"success","data":{"score":1}}"#);
    host.line("work", "/opt/interleave/run.sh submitty", &[]);
    assert_eq!(host.json("work/validation_results.json")["data"]["score"], 0.0);
}
