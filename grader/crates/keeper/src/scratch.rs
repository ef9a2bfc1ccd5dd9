//! The directory that stands for /tmp where a program cannot have one of its own.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jail::{Confinement, Tier};
use nix::unistd::{Gid, Uid, chown};
use temporary::Temporary;

/// Where the folders are in which these directories lie.
pub(crate) const PLACE: &str = "/tmp";

/// A directory of a run, which only its user can enter. Gone when dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    directory: PathBuf,
    /// Ours, whoever's the directory is: what is to be removed once we are dead is known by that.
    _around: Temporary,
}

/// A new one; none in the tiers that need none.
pub(crate) fn scratch(confinement: &Confinement) -> io::Result<Option<Scratch>> {
    if confinement.tier.has_namespaces() {
        return Ok(None);
    }
    let around = Temporary::new_in(Path::new(PLACE), 0o711)?;
    let directory = around.path().join("tmp");
    DirBuilder::new().mode(0o700).create(&directory)?;
    if confinement.tier == Tier::C {
        let user = confinement.slot.user();
        chown(&directory, Some(Uid::from_raw(user)), Some(Gid::from_raw(user)))?;
    }
    Ok(Some(Scratch { directory, _around: around }))
}

impl Scratch {
    pub(crate) fn path(&self) -> &Path {
        &self.directory
    }

    /// Opens it to ourselves again: a program may lock its own directory.
    pub(crate) fn unlock(&self) -> io::Result<()> {
        unlock(self.path())
    }
}

/// Lets its owner do everything with a folder.
pub(crate) fn unlock(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

impl Drop for Scratch {
    /// To be dropped when nothing of the run is alive: what is in it is then only strange.
    fn drop(&mut self) {
        // Whatever this leaves is as well out of the reach of what follows.
        let _ = self.unlock().and_then(|()| empty(self.path()));
    }
}

/// Removes everything in `top`, however deep it is and whatever its folders permit.
///
/// Folders in folders are first moved to `top` itself: a path that leads to all of them may be
/// longer than any path can be, and going down it takes a descriptor for each step.
pub(crate) fn empty(top: &Path) -> io::Result<()> {
    let mut moved = 0_u64;
    let mut found = remove_files(top)?;
    while let Some(folder) = found.pop() {
        unlock(&folder)?;
        for inner in remove_files(&folder)? {
            unlock(&inner)?;
            let place = loop {
                moved += 1;
                let place = top.join(format!("moved-{moved}"));
                if place.symlink_metadata().is_err() {
                    break place;
                }
            };
            fs::rename(&inner, &place)?;
            found.push(place);
        }
        fs::remove_dir(&folder)?;
    }
    Ok(())
}

/// Removes what lies in `folder` and is no folder, and says where the folders are.
fn remove_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => folders.push(entry.path()),
            false => fs::remove_file(entry.path())?,
        }
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_deep_locked_or_a_link_is_removed_and_nothing_outside() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "").unwrap();
        let top = tempfile::tempdir().unwrap();
        symlink(outside.path(), top.path().join("link")).unwrap();
        fs::create_dir(top.path().join("moved-1")).unwrap();
        fs::write(top.path().join("moved-1/file"), "").unwrap();
        let mut deep = top.path().to_owned();
        for _ in 0..200 {
            deep.push("folder");
            fs::create_dir(&deep).unwrap();
        }
        for mode in [0o000, 0o100, 0o500] {
            let locked = top.path().join(format!("{mode:o}"));
            fs::create_dir_all(locked.join("inside")).unwrap();
            fs::write(locked.join("inside/file"), "").unwrap();
            fs::set_permissions(locked.join("inside"), Permissions::from_mode(mode)).unwrap();
            fs::set_permissions(&locked, Permissions::from_mode(mode)).unwrap();
        }
        empty(top.path()).unwrap();
        assert_eq!(fs::read_dir(top.path()).unwrap().count(), 0);
        assert!(outside.path().join("kept").exists());
    }
}
