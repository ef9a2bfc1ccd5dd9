//! The directory that stands for /tmp where a program cannot have one of its own.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jail::{Confinement, Tier};
use nix::unistd::{Gid, Uid, chown};
use tempfile::TempDir;

/// A new directory for a run, which only its user can enter; none in the tiers that
/// need none. Gone when dropped.
pub(crate) fn scratch(confinement: &Confinement) -> std::io::Result<Option<TempDir>> {
    if confinement.tier.has_namespaces() {
        return Ok(None);
    }
    let directory = tempfile::Builder::new()
        .prefix("interleave-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(Path::new("/tmp"))?;
    if confinement.tier == Tier::C {
        let user = confinement.slot.user();
        chown(directory.path(), Some(Uid::from_raw(user)), Some(Gid::from_raw(user)))?;
    }
    Ok(Some(directory))
}
