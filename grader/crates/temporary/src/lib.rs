//! Folders that are gone with their maker: when it lets go of them, or, if it was killed, when
//! the next one makes a folder in the same place.
//!
//! # Theory of operation
//!
//! Whoever makes a folder holds a lock on it for as long as it lives, and so does what it started, if it
//! wants that ([`Temporary::hand_down`]). The kernel lets go of a lock when the last of its holders is
//! dead, however they died. So a folder that can be locked is nobody's, and a number that is used again or
//! a clock that is wrong deceives nobody.
//!
//! There is a moment between making a folder and locking it in which another can take it for nobody's. So its
//! maker looks whether it still is what its name stands for once it has the lock, and if not makes another.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::process::geteuid;
use tempfile::TempDir;

/// How their names begin. What is called so and is nobody's is removed, so nothing else may be.
const PREFIX: &str = "interleave-work-";

/// How many letters and digits, chosen by chance, follow.
const CHANCE: usize = 6;

/// A new folder; gone when dropped.
#[derive(Debug)]
pub struct Temporary {
    // In this order: it is ours until it is gone.
    folder: TempDir,
    /// None where there are no locks; nobody else can have one there, either.
    lock: Option<File>,
}

impl Temporary {
    /// One where temporary files belong, with the permissions `mode`.
    pub fn new(mode: u32) -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir(), mode)
    }

    /// One in `place`, with the permissions `mode`, whatever the umask.
    ///
    /// Folders there whose makers are dead are removed first, once for each process and place.
    pub fn new_in(place: &Path, mode: u32) -> io::Result<Self> {
        sweep(place);
        const ATTEMPTS: usize = 100;
        for _ in 0..ATTEMPTS {
            let folder = tempfile::Builder::new()
                .prefix(PREFIX)
                .rand_bytes(CHANCE)
                // Until it is locked nobody else shall be able to lock it.
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(place)?;
            // Gone or locked: somebody clears it away.
            let Some(lock) = hold(folder.path())? else { continue };
            fs::set_permissions(folder.path(), Permissions::from_mode(mode))?;
            return Ok(Self { folder, lock });
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets whatever this process starts from now on hold the folder as well: programs that may outlive it and
    /// go on working in there.
    pub fn hand_down(&self) -> io::Result<()> {
        match &self.lock {
            Some(lock) => Ok(fcntl_setfd(lock, FdFlags::empty())?),
            None => Ok(()),
        }
    }
}

impl AsRef<Path> for Temporary {
    fn as_ref(&self) -> &Path {
        self.path()
    }
}

/// Removes the folders in `place` that were made here and whose makers are dead, the first time that this
/// process is asked to. What cannot be removed stays.
pub fn sweep(place: &Path) {
    static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let is_first = SWEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(place.to_owned());
    if is_first {
        sweep_now(place);
    }
}

fn sweep_now(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_of_ours) {
            let _ = remove_if_dead(&entry.path());
        }
    }
}

fn is_of_ours(name: &str) -> bool {
    let chance = name.strip_prefix(PREFIX);
    chance.is_some_and(|by| by.len() == CHANCE && by.bytes().all(|one| one.is_ascii_alphanumeric()))
}

/// Removes `folder` if it is a folder of our user's that nobody holds. Everybody may put something there.
fn remove_if_dead(folder: &Path) -> io::Result<()> {
    let lock = File::from(enter(folder)?);
    if lock.metadata()?.uid() != geteuid().as_raw() {
        return Ok(());
    }
    // Held until it is gone. What lies in it is removed without following a link.
    flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    fs::remove_dir_all(folder)
}

/// The lock on the new `folder`, if this file system has any; none at all if the folder is somebody else's to
/// remove.
fn hold(folder: &Path) -> io::Result<Option<Option<File>>> {
    let lock = match enter(folder) {
        Err(Errno::NOENT) => return Ok(None),
        entered => File::from(entered?),
    };
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        // As over a network: for a lock of its own a server wants something to write to.
        Err(Errno::BADF | Errno::NOSYS | Errno::OPNOTSUPP) => return Ok(Some(None)),
        Err(other) => return Err(other.into()),
    }
    let identity = |file: fs::Metadata| (file.dev(), file.ino());
    let named = fs::symlink_metadata(folder).map(identity).ok();
    let is_there = named == Some(identity(lock.metadata()?));
    Ok(is_there.then_some(Some(lock)))
}

/// Opens a folder, but nothing else, and follows no link to it.
fn enter(folder: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    open(folder, flags, Mode::empty())
}

#[cfg(test)]
mod tests;
