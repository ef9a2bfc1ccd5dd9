//! Exports where walls are fewer: as a user without root, and where namespaces are forbidden too.

use super::*;

/// A user of its own in a namespace, in which it is not root; the numbers stand for the host's own user.
const USER: &str = "exec unshare --user --map-user=1000 --map-group=1000 \"$@\"";

/// The same, and there may be one such namespace and no more.
const USER_ALONE: &str = "exec unshare --user --map-root-user sh -c '
    echo 1 > /proc/sys/user/max_user_namespaces
    exec unshare --user --map-user=1000 --map-group=1000 \"$@\"' sh \"$@\"";

/// Grades the solution within what `script` makes; none, and that is said, if this host makes no user namespaces.
#[expect(clippy::print_stderr, reason = "what was not tried has to be said")]
fn graded_within(script: &str) -> Option<Value> {
    let tried = Command::new("sh").args(["-c", script, "sh", "true"]).output();
    if !tried.is_ok_and(|done| done.status.success()) {
        eprintln!("a user cannot make namespaces here, so weaker tiers are not tried");
        return None;
    }
    let host = Host::new(Platform::Gradescope);
    host.write("autograder/submission/lib.rs", solution(LESSON));
    host.write("autograder/submission_metadata.json", r#"{"users": [{"name": "Ada"}]}"#);
    let run = host.at("opt/interleave/run.sh").display().to_string();
    let root = host.slash();
    let done = host.run(".", "sh", &["-c", script, "sh", &run, "gradescope", "--root", &root]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    Some(host.json("autograder/results/results.json"))
}

#[test]
fn a_user_with_namespaces_grades_in_tier_b() {
    let Some(results) = graded_within(USER) else { return };
    assert_eq!(results["score"], 10, "{results}");
    assert!(results["output"].as_str().unwrap().contains("tier B: "), "{results}");
}

#[test]
fn a_user_without_namespaces_grades_in_tier_d_and_says_what_that_means() {
    let Some(results) = graded_within(USER_ALONE) else { return };
    assert_eq!(results["score"], 10, "{results}");
    let output = results["output"].as_str().unwrap();
    assert!(output.contains("tier D: "), "{output}");
    assert!(output.contains("the program ran as the grader's own user"), "{output}");
}
