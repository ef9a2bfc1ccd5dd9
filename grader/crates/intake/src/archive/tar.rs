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
        let name = desk.named(&String::from_utf8_lossy(&entry.path_bytes()));
        if !desk.is_aside(&name) {
            one(&mut entry, kind, &name, desk).or_else(|why| desk.leave_out(&name, why))?;
        }
    }
    Ok(())
}

fn one(
    entry: &mut impl Read,
    kind: EntryType,
    name: &str,
    desk: &mut Desk<'_>,
) -> Result<(), Refusal> {
    let Some(path) = EntryPath::parse(name)? else { return Ok(()) };
    match kind {
        EntryType::Directory => desk.folder(&path),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            desk.file(&path, entry)
        }
        EntryType::Symlink | EntryType::Link => Err(Refusal::Link(path.to_string())),
        _ => Err(Refusal::Special(path.to_string())),
    }
}
