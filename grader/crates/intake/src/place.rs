//! What stands in a folder of a student's, looked at without following anything.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::archive::is_ignored;
use crate::submission::FILE_SIZE;

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) kind: ItemKind,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    Folder,
    File,
    Link,
    Special,
}

/// What is in `folder`, sorted by name, without what is never graded.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<Item>> {
    let mut items = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !is_ignored(&name) {
            let kind = kind_of(&entry.path().symlink_metadata()?);
            items.push(Item { name, path: entry.path(), kind });
        }
    }
    items.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(items)
}

fn kind_of(metadata: &Metadata) -> ItemKind {
    let kind = metadata.file_type();
    match (kind.is_dir(), kind.is_file(), kind.is_symlink()) {
        (true, _, _) => ItemKind::Folder,
        (_, true, _) => ItemKind::File,
        (_, _, true) => ItemKind::Link,
        _ => ItemKind::Special,
    }
}

/// Whether `path` is a folder itself, and not a link to one.
pub(crate) fn is_real_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Opens an ordinary file without following a link or waiting on a pipe.
pub(crate) fn open(path: &Path) -> Result<File, String> {
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let opened = File::options().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(nix::libc::ELOOP) => "is a link; hand in the file itself".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    let metadata = file.metadata().map_err(|error| format!("cannot be read: {error}"))?;
    if !metadata.is_file() {
        return Err("is not an ordinary file".to_owned());
    }
    Ok(file)
}

/// The text of a file of bounded size, or what is wrong with it.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let bytes = read_bytes(path)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(at).filter(|&&byte| byte == b'\n').count() + 1;
        format!("is not UTF-8 (line {line}); save it as UTF-8 and hand it in again")
    })?;
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(text)
}

/// The bytes of a file of bounded size, or what is wrong with it.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let file = open(path)?;
    let too_large = || format!("has more than {} KiB; is it the right file?", FILE_SIZE / 1024);
    if file.metadata().is_ok_and(|metadata| metadata.len() > FILE_SIZE) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let read = file.take(FILE_SIZE + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > FILE_SIZE {
        return Err(too_large());
    }
    Ok(bytes)
}

/// The text of a file of a system's own, which grows with the class.
pub(crate) fn read_large_text(path: &Path) -> Result<String, String> {
    const MOST: u64 = 256 << 20;
    let mut text = String::new();
    let file = open(path)?;
    file.take(MOST)
        .read_to_string(&mut text)
        .map_err(|error| format!("cannot be read: {error}"))?;
    Ok(text)
}
