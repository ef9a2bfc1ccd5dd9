//! Runs the specimens under observation.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::path::PathBuf;
use std::time::Duration;

use observation::{Observation, Request};

/// The program that holds all specimens; `cargo test` builds it next to the tests.
pub(crate) fn specimen_path() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let target = test.ancestors().nth(2).expect("tests are in target/<profile>/deps");
    target.join("examples/specimen")
}

/// A request to run one specimen.
pub(crate) fn request(name: &str) -> Request {
    let mut request = Request::new(specimen_path());
    request.args = vec![name.to_owned()];
    request.limits.wall = Duration::from_secs(30);
    request
}

/// Observes one specimen.
pub(crate) fn specimen(name: &str) -> Observation {
    observe::observe(&request(name)).expect("a specimen can be observed")
}

/// Observes one specimen that keeps files in `directory`.
pub(crate) fn specimen_in(name: &str, directory: &std::path::Path) -> Observation {
    let mut request = request(name);
    request.args.push(directory.display().to_string());
    observe::observe(&request).expect("a specimen can be observed")
}
