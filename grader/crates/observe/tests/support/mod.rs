//! Runs the specimens under observation.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::path::PathBuf;
use std::time::Duration;

use observation::{Observation, Request};
use observe::Surroundings;

/// A bound for what goes on until it: time enough to begin on a busy host.
pub(crate) const SHORT: Duration = Duration::from_millis(1_500);

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

/// Observes one specimen as if it had namespaces of its own.
pub(crate) fn alone(name: &str, directory: &std::path::Path) -> Observation {
    let request = request(name);
    let (stdio, streams) = observe::streams(Vec::new()).expect("there are pipes");
    let arguments = [name, directory.to_str().expect("a temporary folder has a plain name")];
    let command = jail::Command::new(&request.program, arguments, []).expect("no NUL bytes");
    let suspended = jail::suspend(command, &stdio, Vec::new()).expect("it can fork");
    drop(stdio);
    let seen = observe::watch(suspended, streams, &request, Surroundings::Private);
    seen.expect("a specimen can be observed")
}
