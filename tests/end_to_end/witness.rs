//! A failing schedule of a submission, written down by one command and run again by another.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::{Class, grader, root};

#[test]
fn what_grade_writes_down_replay_runs_again_whatever_was_handed_in_since() {
    let class = Class::new();
    let deadlock = root().join("tests/submissions/lock/twins-locked-crosswise/lib.rs");
    let file = class.hand_in("emil/lock/src/lib.rs", std::fs::read(deadlock).unwrap());
    class.grade().code(0);
    std::fs::write(file, "// all new").unwrap();

    let results = class.results();
    let tests = results["submissions"][0]["tests"].as_array().unwrap();
    let of = |test: &serde_json::Value| Some(test["evidence"]["replay"].as_str()?.to_owned());
    let witnesses: Vec<String> = tests.iter().filter_map(of).collect();
    assert!(!witnesses.is_empty(), "{results}");
    for witness in witnesses {
        let drawn = class.out().join("drawn.html");
        let witness = class.out().join(witness);
        let assert = grader().arg("replay").arg(&witness).arg("--html").arg(&drawn).assert();
        assert.code(0).stdout(contains("locks Mutex").and(contains("reproduced: ")));
        assert!(std::fs::read_to_string(drawn).unwrap().contains("<svg"));
    }
}

#[test]
fn a_witness_for_another_version_of_the_test_says_so() {
    let class = Class::new();
    let test = class.hand_in("../explored.rs", "// the test as it is now");
    let witness = serde_json::json!({
        "schema": "interleave/witness/v1", "target": test, "fingerprint": "0123456789abcdef",
        "edition": "2024", "handed_in": { "student": "emil", "lesson": "lock", "files": [] },
        "finding": {
            "name": "t", "verdict": "race", "schedules": 1, "exhaustive": false, "failures": 1,
            "first_failure_at": 1, "scheduler": "urw", "seed": "1", "schedule": "v|1|",
            "message": "a change is lost", "wait_for": null, "interleaving": ""
        }
    });
    let path = class.hand_in("../old.witness.json", witness.to_string());
    let assert = grader().arg("replay").arg(path).assert();
    assert.code(2).stderr(contains("another version").and(contains("0123456789ab")));
}
