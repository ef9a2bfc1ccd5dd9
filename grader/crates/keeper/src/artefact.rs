//! Takes files out of the jail. Their names were given by us; all else is hostile.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use jail::Artefact;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::Mode;
use tempfile::NamedTempFile;
use thiserror::Error;

/// Why an artefact was not taken out.
#[derive(Debug, Error)]
pub(crate) enum ArtefactError {
    #[error("{name} is not a regular file of the program's own")]
    Irregular { name: String },
    #[error("{name} is larger than {size} bytes")]
    TooLarge { name: String, size: u64 },
    #[error("cannot take out {name}: {source}")]
    Host { name: String, source: io::Error },
}

/// Copies `artefact` out of `directory` and puts it in its place at once and whole.
///
/// False if there is no such file. No link is followed, not even one to a mount or
/// through /proc; a FIFO or device is not waited for.
pub(crate) fn take_out(directory: &Path, artefact: &Artefact) -> Result<bool, ArtefactError> {
    let name = artefact.name.clone();
    let host = |source: io::Error| ArtefactError::Host { name: name.clone(), source };
    let irregular = || ArtefactError::Irregular { name: name.clone() };
    let directory = File::open(directory).map_err(host)?;
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC)
        .mode(Mode::empty())
        .resolve(
            ResolveFlag::RESOLVE_BENEATH
                | ResolveFlag::RESOLVE_NO_SYMLINKS
                | ResolveFlag::RESOLVE_NO_MAGICLINKS
                | ResolveFlag::RESOLVE_NO_XDEV,
        );
    let file = match openat2(&directory, Path::new(&artefact.name), how) {
        Ok(descriptor) => File::from(descriptor),
        Err(nix::Error::ENOENT) => return Ok(false),
        Err(nix::Error::ELOOP | nix::Error::EXDEV | nix::Error::ENXIO) => return Err(irregular()),
        Err(error) => return Err(host(error.into())),
    };
    let metadata = file.metadata().map_err(host)?;
    if !metadata.is_file() {
        return Err(irregular());
    }
    let too_large = || ArtefactError::TooLarge { name: name.clone(), size: artefact.size };
    if metadata.len() > artefact.size {
        return Err(too_large());
    }
    let to = artefact.to.parent().unwrap_or(Path::new("/"));
    let mut copy = NamedTempFile::new_in(to).map_err(host)?;
    let copied = io::copy(&mut file.take(artefact.size + 1), &mut copy).map_err(host)?;
    if copied > artefact.size {
        return Err(too_large());
    }
    copy.flush().map_err(host)?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    copy.as_file().set_permissions(mode).map_err(host)?;
    copy.persist(&artefact.to).map_err(|error| host(error.error))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use nix::unistd::mkfifo;

    use super::*;

    fn artefact(folder: &Path) -> Artefact {
        Artefact { name: "made".to_owned(), to: folder.join("out"), size: 4 }
    }

    #[test]
    fn a_regular_file_is_taken_out_whole() {
        let (jail, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert!(!take_out(jail.path(), &artefact(out.path())).unwrap());
        std::fs::write(jail.path().join("made"), "1234").unwrap();
        assert!(take_out(jail.path(), &artefact(out.path())).unwrap());
        assert_eq!(std::fs::read(out.path().join("out")).unwrap(), b"1234");
    }

    #[test]
    fn a_file_that_is_too_large_stays_inside() {
        let (jail, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(jail.path().join("made"), "12345").unwrap();
        let error = take_out(jail.path(), &artefact(out.path())).unwrap_err();
        assert_eq!(error.to_string(), "made is larger than 4 bytes");
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
    }

    #[test]
    fn links_fifos_and_directories_are_no_artefacts() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        let makers: [fn(&Path, &Path); 3] = [
            |at, secret| symlink(secret, at).unwrap(),
            |at, _| mkfifo(at, Mode::S_IRWXU).unwrap(),
            |at, _| std::fs::create_dir(at).unwrap(),
        ];
        for make in makers {
            let (jail, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            make(&jail.path().join("made"), secret.path());
            let error = take_out(jail.path(), &artefact(out.path())).unwrap_err();
            assert_eq!(error.to_string(), "made is not a regular file of the program's own");
        }
    }
}
