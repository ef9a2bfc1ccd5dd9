//! What students write who would like to run a script in their instructor's browser.

use observation::{Edge, Node, NodeId, Relation, WaitFor};
use report::sheet::Stages;
use report::{Evidence, Report, Tally};
use site::{Class, Names, Options, Page, Person, Site};

/// Each of them marks the document if it runs: what [`MARK`] does.
pub(crate) fn attacks() -> Vec<String> {
    [
        "<script>@</script>",
        "</script><script>@</script>",
        "</style><script>@</script>",
        "</title><script>@</script>",
        "</pre><img src=x onerror=\"@\">",
        "\"><img src=x onerror='@'>",
        "' autofocus onfocus='@' x='",
        "\" autofocus tabindex=1 onfocus=\"@\" x=\"",
        "<svg onload=\"@\"></svg>",
        "<svg><script>@</script></svg>",
        "<svg><a xlink:href=\"javascript:@\"><rect width=\"9\" height=\"9\"/></a></svg>",
        "<math><mtext><img src=x onerror=\"@\"></mtext></math>",
        "<details open ontoggle=\"@\">",
        "<body onload=\"@\">",
        "<iframe srcdoc=\"<script>parent.@</script>\"></iframe>",
        "<iframe src=\"javascript:parent.@\"></iframe>",
        "<meta http-equiv=\"refresh\" content=\"0;url=javascript:@\">",
        "<link rel=\"stylesheet\" href=\"data:text/css,*{display:none}\">",
        "<base href=\"https://example.invalid/\">",
        "<form action=\"https://example.invalid/\"><button autofocus>x</button></form>",
        "<object data=\"data:text/html,<script>parent.@</script>\"></object>",
        "<video><source onerror=\"@\"></video>",
        "<!--><img src=x onerror=\"@\">-->",
        "<![CDATA[><img src=x onerror=\"@\">]]>",
        "{{ 7*7 }}{% raw %}<script>@</script>",
        "&lt;script&gt;@&lt;/script&gt;&#60;img src=x onerror=@&#62;",
        "javascript:@",
        "\u{202e}<script>@</script>\u{1b}[31m\u{0}\u{2028}",
    ]
    .map(|attack| attack.replace('@', MARK))
    .into()
}

/// Leaves a trace in the document that no page leaves by itself.
pub(crate) const MARK: &str = "document.documentElement.setAttribute(`data-owned`,1)";

/// A class in which every text that a student can choose is an attack, a student for each.
fn report() -> Report {
    let submission = |attack: &String| {
        serde_json::json!({
            "student": attack, "lesson": "lock", "status": "graded", "verdict": "deadlock",
            "score": 5, "max_score": 10, "duration_ms": 1200, "attempts": 1,
            "grade": { "points": 4, "because": [attack] }, "message": attack,
            "tests": [
                {
                    "name": "fails", "title": attack, "verdict": "deadlock", "score": 0,
                    "max_score": 5, "status": "failed", "visibility": "visible", "extra": false,
                    "message": format!("{attack} | {attack}"), "hint": format!("`{attack}` {attack}"),
                },
                {
                    "name": "passes", "title": "Passes", "verdict": "pass", "score": 5,
                    "max_score": 5, "status": "passed", "visibility": "visible", "extra": false,
                },
            ],
        })
    };
    let report = serde_json::json!({
        "schema": report::SCHEMA, "course": "c", "grader": "0.1.0", "toolchain": "rustc 1.95",
        "started": "2026-01-01T00:00:00Z", "confinement": "tier A", "language": "en",
        "lessons": [{ "id": "lock", "title": "Locks", "max_score": 10 }],
        "submissions": attacks().iter().map(submission).collect::<Vec<_>>(),
    });
    let mut report: Report = serde_json::from_value(report).unwrap();
    for work in &mut report.submissions {
        work.tests[0].evidence = Some(evidence(&work.student));
    }
    report
}

fn evidence(attack: &str) -> Evidence {
    let node = |id| Node {
        id: NodeId(id),
        name: attack.to_owned(),
        waits_for: attack.to_owned(),
        at: None,
        process: None,
        thread: None,
    };
    let edge = |from, to| Edge {
        from: NodeId(from),
        to: NodeId(to),
        resource: attack.to_owned(),
        held_since: None,
        relation: Relation::Holds,
    };
    let graph = WaitFor {
        nodes: vec![node(1), node(2)],
        edges: vec![edge(1, 2), edge(2, 1)],
        cycle: vec![NodeId(1), NodeId(2)],
    };
    Evidence {
        wait_for: Some(graph),
        tally: Some(Tally { failed: 1, runs: 2 }),
        witness: Some(attack.to_owned()),
        ..Evidence::default()
    }
}

/// The pages of that class: the overview first, then one for each student.
pub(crate) fn pages() -> Vec<Page> {
    let report = report();
    let person = |attack: &String| {
        let name = Some(format!("{attack} "));
        (attack.clone(), Person { name, group: Some(attack.clone()), section: None })
    };
    let class = Class {
        course: Some(attacks().concat()),
        people: attacks().iter().map(person).collect(),
        absent: attacks(),
    };
    let options = Options { stages: Stages::default(), names: Names::Shown, class };
    let mut site = Site::new(&report.run, &report.lessons, options);
    let students: Vec<_> =
        report.students().filter_map(|work| site.student(work, &|_| None)).collect();
    assert_eq!(students.len(), attacks().len());
    std::iter::once(site.overview()).chain(students).collect()
}
