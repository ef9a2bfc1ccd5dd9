use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Lets everybody read what is at `path` and below, whatever the umask: behind some walls the compiler is
/// another user. No link is followed.
pub(crate) fn open_to_all(path: &Path) -> io::Result<()> {
    let metadata = path.symlink_metadata()?;
    let wanted = match metadata.is_dir() {
        true => 0o555,
        false if metadata.is_file() => 0o444,
        false => return Ok(()),
    };
    let mode = metadata.permissions().mode();
    if mode & wanted != wanted {
        fs::set_permissions(path, Permissions::from_mode(mode | wanted))?;
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            open_to_all(&entry?.path())?;
        }
    }
    Ok(())
}
