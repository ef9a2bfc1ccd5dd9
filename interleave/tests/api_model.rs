//! The snippets of `api` under the look-alike: they behave as under the real std.

#[macro_use]
extern crate interleave as std;

#[expect(unreachable_pub, clippy::unwrap_used, reason = "code of users")]
mod api;

use ::core::prelude::v1::test;

#[test]
fn every_snippet_behaves_as_under_std() {
    assert!(api::ALL.len() >= 80, "{} snippets", api::ALL.len());
    let mut wrong = Vec::new();
    for (name, snippet) in api::ALL {
        let explore = interleave::Explore::new(name).schedules(200).exhaustive_up_to(0);
        let report = explore.without_timing().run(*snippet);
        if !report.passed() {
            wrong.push(format!("{name}: {report}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}
