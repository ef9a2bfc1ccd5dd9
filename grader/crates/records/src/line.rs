//! A record on one line: its checksum in eight hexadecimal digits, a blank, JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Digits of the checksum and the blank behind them.
const FRONT: usize = 9;

pub(crate) fn write(record: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = vec![b' '; FRONT];
    serde_json::to_writer(&mut line, record)?;
    let sum = crc32fast::hash(&line[FRONT..]);
    line[..FRONT - 1].copy_from_slice(format!("{sum:08x}").as_bytes());
    line.push(b'\n');
    Ok(line)
}

/// None if `line`, without its end, is not what [`write`] made.
pub(crate) fn read<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    serde_json::from_slice(checked(line)?).ok()
}

/// The JSON of a line whose checksum is right.
pub(crate) fn checked(line: &[u8]) -> Option<&[u8]> {
    let (sum, json) = line.split_at_checked(FRONT)?;
    let sum = std::str::from_utf8(sum).ok()?.strip_suffix(' ')?;
    let sum = u32::from_str_radix(sum, 16).ok()?;
    (crc32fast::hash(json) == sum).then_some(json)
}
