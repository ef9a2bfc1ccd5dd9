//! The snippets of `api` under the real std: what they assert is how std behaves.

#[expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::dbg_macro,
    reason = "code of users"
)]
mod api;

#[test]
fn every_snippet_is_right_about_std() {
    std::panic::set_hook(Box::new(|_| ()));
    let wrong: Vec<&str> = api::ALL
        .iter()
        .filter(|(_, snippet)| std::panic::catch_unwind(snippet).is_err())
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(wrong, [""; 0]);
}
