//! Zip archives.

use std::fs::File;
use std::io::{BufReader, Read};

use ::zip::read::ZipFile;
use ::zip::result::ZipError;
use ::zip::{System, ZipArchive};

use super::{Desk, Refusal};
use crate::entry_path::EntryPath;

/// The part of a Unix mode that says what kind of file it is, and two kinds.
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;

pub(super) fn unpack(file: File, desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
    if archive.len() as u64 > desk.bounds.entries {
        return Err(Refusal::TooMany(desk.bounds.entries));
    }
    if archive.has_duplicate_names() {
        return Err(Refusal::Twice("a name".to_owned()));
    }
    for index in 0..archive.len() {
        desk.count()?;
        let entry = archive.by_index_raw(index).map_err(unreadable)?;
        let name = desk.named(&name(&entry)?);
        drop(entry);
        if !desk.is_aside(&name) {
            one(&mut archive, index, &name, desk).or_else(|why| desk.leave_out(&name, why))?;
        }
    }
    Ok(())
}

fn one(
    archive: &mut ZipArchive<BufReader<File>>,
    index: usize,
    name: &str,
    desk: &mut Desk<'_>,
) -> Result<(), Refusal> {
    let Some(path) = EntryPath::parse(name)? else { return Ok(()) };
    let entry = archive.by_index_raw(index).map_err(unreadable)?;
    if entry.encrypted() {
        return Err(Refusal::Encrypted(path.to_string()));
    }
    match entry.unix_mode().map(|mode| mode & KIND) {
        None | Some(0 | REGULAR | FOLDER) if !entry.is_symlink() => {}
        _ if entry.is_symlink() => return Err(Refusal::Link(path.to_string())),
        _ => return Err(Refusal::Special(path.to_string())),
    }
    let folder = entry.is_dir() || name.ends_with('/');
    drop(entry);
    if folder {
        return desk.folder(&path);
    }
    let mut entry = archive.by_index(index).map_err(unreadable)?;
    desk.file(&path, &mut entry)
}

/// The name of an entry, between whose parts some tools on Windows write backslashes.
fn name<R: Read>(entry: &ZipFile<'_, R>) -> Result<String, Refusal> {
    let name = entry.name().map_err(unreadable)?;
    let windows = matches!(entry.system(), System::Dos | System::WindowsNTFS);
    Ok(if windows && !name.contains('/') { name.replace('\\', "/") } else { name.into_owned() })
}

fn unreadable(error: ZipError) -> Refusal {
    match error {
        ZipError::Io(error) => super::unreadable(error),
        other => Refusal::Unreadable(other.to_string()),
    }
}
