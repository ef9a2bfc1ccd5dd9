//! FIFOs: pipes with a name, whose opening waits for somebody at the other end.

use std::fs;
use std::os::unix::fs::FileTypeExt;

use crate::descriptors::Mode;
use crate::family::TaskRef;
use crate::memory;
use crate::waits::{Judgement, Scene};

/// Whether a descriptor is one of a FIFO.
pub(crate) fn is_one(task: TaskRef, descriptor: u64) -> bool {
    fs::metadata(format!("/proc/{}/task/{}/fd/{descriptor}", task.pid, task.tid))
        .is_ok_and(|file| file.file_type().is_fifo())
}

/// A wait in `open`. The path begins at the descriptor `folder` unless it is absolute.
pub(crate) fn opening(
    scene: &Scene<'_>,
    task: TaskRef,
    folder: i32,
    [path, flags]: [u64; 2],
) -> Judgement {
    const ELSE: &str = "it waits for a file to be opened";
    let bytes = memory::read_some(task.pid, path, 4096);
    let end = bytes.iter().position(|byte| *byte == 0).ok_or(ELSE)?;
    let path = std::str::from_utf8(&bytes[..end]).map_err(|_| ELSE)?;
    let process = format!("/proc/{}", task.pid);
    let seen_by_us = match folder {
        _ if path.starts_with('/') => format!("{process}/root{path}"),
        libc::AT_FDCWD => format!("{process}/cwd/{path}"),
        folder => format!("{process}/fd/{folder}/{path}"),
    };
    let file = fs::metadata(seen_by_us).map_err(|_| ELSE)?;
    if !file.file_type().is_fifo() {
        return Err(ELSE.into());
    }
    let purpose = if Mode::of(flags as u32).writes() { "reading" } else { "writing" };
    scene.by_anybody(format!("somebody to open the FIFO {path} for {purpose}"))
}
