//! Slots that nobody else on this host uses.
//!
//! A slot has a user, and what clears up after a program, or bounds the number of its
//! processes, goes by that user. So two graders at once must never be in the same slot. A
//! slot is held by a lock on a file, which a keeper inherits as its standard output: it is
//! free again once everything of it is dead, however the grader ended.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use jail::Slot;
use nix::unistd::geteuid;
use thiserror::Error;

/// Where the locks of root's slots lie: the first of these that can be had.
const FOLDERS: [&str; 2] = ["/run/interleave", "/tmp/interleave-slots"];

/// Why a slot cannot be claimed.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// There is no folder for the locks.
    #[error("cannot lock a slot in {folder}: {source}; the folder has to be root's own", folder = folder.display())]
    Folder {
        /// The last that was tried.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// They are all taken.
    #[error(
        "all {} slots of this host are in use by other graders; wait for one to end",
        Slot::COUNT
    )]
    Taken,
}

/// A slot, and what keeps others out of it.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) slot: Slot,
    /// None where slots have no users.
    lock: Option<File>,
}

impl Claim {
    /// The slot `wanted`, or the next one that is free.
    pub(crate) fn near(wanted: Slot) -> Result<Self, ClaimError> {
        if !geteuid().is_root() {
            return Ok(Self { slot: wanted, lock: None });
        }
        let mut failed = None;
        for folder in FOLDERS.map(Path::new) {
            match claim(folder, wanted) {
                Ok(claimed) => return claimed.ok_or(ClaimError::Taken),
                Err(source) => failed = Some((folder, source)),
            }
        }
        let (folder, source) = failed.expect("there are folders to try");
        Err(ClaimError::Folder { folder: folder.to_owned(), source })
    }

    /// One more descriptor of the lock, for whoever is to hold it as well.
    pub(crate) fn share(&self) -> io::Result<Option<File>> {
        self.lock.as_ref().map(File::try_clone).transpose()
    }
}

/// The slot `wanted` or the next one that nobody holds, by the locks in `folder`.
fn claim(folder: &Path, wanted: Slot) -> io::Result<Option<Claim>> {
    make_private(folder)?;
    for slot in (wanted.0..Slot::COUNT).chain(0..wanted.0.min(Slot::COUNT)).map(Slot) {
        let path = folder.join(format!("slot-{}", slot.0));
        let lock = File::options().write(true).create(true).truncate(false).open(path)?;
        match lock.try_lock() {
            Ok(()) => return Ok(Some(Claim { slot, lock: Some(lock) })),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// Makes `folder`, which nobody else may put anything into.
fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let made = fs::symlink_metadata(folder)?;
    let own = made.is_dir() && made.uid() == geteuid().as_raw() && made.mode() & 0o022 == 0;
    if own { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn slot(folder: &Path, wanted: u16) -> (Claim, u16) {
        let claim = claim(folder, Slot(wanted)).unwrap().unwrap();
        let number = claim.slot.0;
        (claim, number)
    }

    #[test]
    fn whoever_comes_second_gets_another_slot_and_a_free_one_is_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("slots");
        let (first, number) = slot(&folder, 0);
        assert_eq!(number, 0);
        let (_second, number) = slot(&folder, 0);
        assert_eq!(number, 1);
        assert_eq!(slot(&folder, Slot::COUNT - 1).1, Slot::COUNT - 1);
        let heir = first.share().unwrap().unwrap();
        drop(first);
        assert_eq!(slot(&folder, 0).1, 2);
        drop(heir);
        assert_eq!(slot(&folder, 0).1, 0);
    }

    #[test]
    fn a_folder_that_others_may_write_to_or_redirect_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let open = place.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let link = place.path().join("link");
        symlink(place.path(), &link).unwrap();
        for folder in [open, link] {
            let error = claim(&folder, Slot(0)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{}", folder.display());
        }
    }
}
