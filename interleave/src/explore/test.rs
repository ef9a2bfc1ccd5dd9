//! The end of a test: what people and programs are told.

use std::path::Path;
use std::sync::Arc;

use super::run_schedules::Body;
use super::{Explore, ShouldPanic, TestResult};
use crate::finding::Report;

/// What `#[test]` becomes.
#[doc(hidden)]
pub fn __explore_test<R: TestResult>(
    module: &str,
    function: &str,
    should_panic: ShouldPanic,
    body: impl Fn() -> R + Send + Sync + 'static,
) {
    explore(module, function, should_panic, Arc::new(move || body().error()));
}

fn explore(module: &str, function: &str, should_panic: ShouldPanic, body: Body) {
    super::remember_statics_of(module);
    // The harness leaves the crate's own name out.
    let name = match module.split_once("::") {
        Some((_, path)) => format!("{path}::{function}"),
        None => function.to_owned(),
    };
    let explore = Explore::from_environment(&name).should_panic(should_panic);
    conclude(&explore.run_body(body));
}

/// Writes the report where programs expect it, and panics with it unless it is a pass.
pub(super) fn conclude(report: &Report) {
    publish(report);
    assert!(report.passed(), "{}\n\n{report}", report.name);
    println!("{}", report.to_string().trim_end());
}

/// Writes the report where programs expect it, if they do.
pub(super) fn publish(report: &Report) {
    if let Some(directory) = std::env::var_os("INTERLEAVE_FINDING_FILE_DIR") {
        write(report, Path::new(&directory));
    }
}

fn write(report: &Report, directory: &Path) {
    let file = directory.join(format!("{}.json", report.name));
    if let Err(error) = std::fs::write(&file, report.to_json()) {
        panic!("cannot write the finding to {}: {error}", file.display());
    }
}
