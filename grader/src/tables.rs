//! Tables that somebody names on the command line.

use std::path::Path;

use anyhow::Context;
use spreadsheet::Encoding;

/// The text of the table at `path`, and how it is written.
pub(crate) fn read(path: &Path) -> anyhow::Result<(String, Encoding)> {
    let failed = || format!("cannot read {}", path.display());
    let bytes = std::fs::read(path).with_context(failed)?;
    spreadsheet::decode(&bytes).with_context(failed)
}
