//! What Landlock grants: the second wall around files, and in the lower tiers the first.

use std::ffi::{CString, NulError};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Compatible, Ruleset, RulesetAttr, RulesetError, Scope,
};

use crate::Step;

/// The newest version of Landlock that this was tested with.
const TESTED: ABI = ABI::V7;

/// A ruleset without rules: nothing is granted, no network, no signal and no
/// abstract socket to the outside. None if the kernel has no Landlock.
pub(crate) fn ruleset() -> Result<Option<OwnedFd>, RulesetError> {
    let ruleset = Ruleset::default()
        .set_compatibility(landlock::CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(TESTED))?
        .handle_access(AccessNet::from_all(TESTED))?
        .scope(Scope::from_all(TESTED))?
        .create()?;
    Ok(ruleset.into())
}

/// What may be done below a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// Reading, listing, executing.
    Read,
    /// Everything.
    Write,
}

/// The step that adds a rule. Which of the rights exist is up to `version`, that of
/// the kernel's Landlock.
pub(crate) fn permit(
    ruleset: &OwnedFd,
    version: i32,
    path: &Path,
    grant: Grant,
) -> Result<Step, NulError> {
    let abi = ABI::from(version.min(TESTED as i32));
    let rights = match grant {
        Grant::Read => AccessFs::from_read(abi),
        Grant::Write => AccessFs::from_all(abi),
    };
    // Rules on a file may only have what a file has.
    let of_file = rights & AccessFs::from_file(abi);
    let path = CString::new(path.as_os_str().as_bytes())?;
    let ruleset = ruleset.as_raw_fd();
    Ok(Step::Permit { ruleset, path, rights: rights.bits(), of_file: of_file.bits() })
}
