//! Memory mappings, and who shares them.

use std::fs;

use crate::proc;

/// One mapping of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// Where it begins and ends.
    pub(crate) range: std::ops::Range<u64>,
    /// Where in the file it begins.
    pub(crate) offset: u64,
    /// Whether the process can write it.
    pub(crate) writable: bool,
    /// Whether changes are seen by others.
    pub(crate) shared: bool,
    /// The file, or nothing, or a word in brackets.
    pub(crate) path: String,
    /// The inode of the file, or 0.
    pub(crate) inode: u64,
    /// Device and inode as `/proc` prints them: the same in every sharer.
    identity: String,
}

impl Mapping {
    /// The mapping of a process that holds `address`.
    pub(crate) fn of(pid: i32, address: u64) -> Option<Self> {
        all(pid).into_iter().find(|mapping| mapping.range.contains(&address))
    }

    /// Whether another program could open the same memory by its name.
    ///
    /// A path that is gone says nothing: the file may have others.
    pub(crate) fn has_name(&self) -> bool {
        let nameless = ["/dev/zero (deleted)", "/memfd:", "/SYSV00000000"];
        self.path.starts_with('/') && !nameless.iter().any(|start| self.path.starts_with(start))
    }

    /// Whether it can come to another process by `fork` only: there is no file that could
    /// be passed on or opened.
    pub(crate) fn is_inherited(&self) -> bool {
        self.path == "/dev/zero (deleted)"
    }

    /// Those of `processes` that have the same file mapped.
    pub(crate) fn sharers_among(&self, mut processes: Vec<i32>) -> Vec<i32> {
        processes.retain(|pid| {
            let maps = proc::read(&format!("/proc/{pid}/maps")).unwrap_or_default();
            maps.contains(&self.identity)
        });
        processes
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (from, to) = words.next()?.split_once('-')?;
        let hex = |word: &str| u64::from_str_radix(word, 16).ok();
        let range = hex(from)?..hex(to)?;
        let rights = words.next()?;
        let (writable, shared) = (rights.contains('w'), rights.ends_with('s'));
        let offset = hex(words.next()?)?;
        let (device, inode) = (words.next()?, words.next()?);
        let path = words.collect::<Vec<_>>().join(" ");
        Some(Self {
            range,
            offset,
            writable,
            shared,
            path,
            inode: inode.parse().ok()?,
            identity: format!(" {device} {inode} "),
        })
    }
}

/// All mappings of a process, in the order of their addresses.
pub(crate) fn all(pid: i32) -> Vec<Mapping> {
    let text = proc::read(&format!("/proc/{pid}/maps")).unwrap_or_default();
    text.lines().filter_map(Mapping::parse).collect()
}

/// Every process that can be seen.
pub(crate) fn all_processes() -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_says_whether_it_is_shared_and_has_a_name() {
        let line = "7f00-8f00 rw-s 00001000 00:01 1025                       /dev/zero (deleted)";
        let mapping = Mapping::parse(line).unwrap();
        assert!(mapping.shared && !mapping.has_name());
        assert_eq!((mapping.range, mapping.offset), (0x7f00..0x8f00, 0x1000));
        assert_eq!(mapping.identity, " 00:01 1025 ");
    }

    #[test]
    fn our_own_code_is_mapped_from_a_file() {
        let here = our_code as fn() as usize as u64;
        let mapping = Mapping::of(std::process::id().cast_signed(), here).unwrap();
        assert!(!mapping.shared && mapping.has_name());
    }

    fn our_code() {}
}
