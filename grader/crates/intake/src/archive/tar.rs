//! Tape archives, compressed or not.

use std::io::Read;

use ::tar::{Archive, EntryType};

use super::{Desk, Refusal, unreadable};
use crate::entry_path::EntryPath;

pub(super) fn unpack(stream: impl Read, desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let mut archive = Archive::new(stream);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        desk.count()?;
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some(path) = EntryPath::parse(&name)? else { continue };
        match kind {
            EntryType::Directory => desk.folder(&path)?,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                desk.file(&path, &mut entry)?;
            }
            EntryType::Symlink | EntryType::Link => return Err(Refusal::Link(path.to_string())),
            _ => return Err(Refusal::Special(path.to_string())),
        }
    }
    Ok(())
}
