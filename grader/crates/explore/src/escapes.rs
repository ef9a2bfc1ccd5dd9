//! What a source uses that no exploration sees.

use crate::source::Source;

/// Paths whose users leave the model, and what that means.
const ESCAPES: &[(&str, &str)] = &[
    ("libc::", "calls the system directly: threads and locks made there are not explored"),
    ("parking_lot", "has locks of its own, which are not explored"),
    ("crossbeam", "has channels and threads of its own, which are not explored"),
    ("tokio::", "has threads and locks of its own, which are not explored"),
    ("std::fs", "touches real files, which one schedule leaves to the next"),
    ("std::net", "waits for the real network while all threads of the schedule stand still"),
    ("std::os::unix::net", "waits for real sockets while all threads of the schedule stand still"),
    ("std::process::Command", "starts real processes"),
    ("SystemTime", "shows the real time: the same schedule may go another way"),
];

/// One note per escape and file, with its first line.
pub(crate) fn notes(source: &Source) -> Vec<String> {
    let mut notes = Vec::new();
    for file in &source.files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        for (path, consequence) in ESCAPES {
            if let Some(line) = text.lines().position(|line| uses(line, path)) {
                notes.push(format!("{name}:{}: `{path}` {consequence}", line + 1));
            }
        }
    }
    notes
}

/// Whether the code of `line` names `path`, perhaps in the braces of a `use`.
fn uses(line: &str, path: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    if code.contains(path) {
        return true;
    }
    let Some((module, name)) = path.rsplit_once("::").filter(|(_, name)| !name.is_empty()) else {
        return false;
    };
    let Some((_, group)) = code.split_once(&format!("{module}::{{")) else { return false };
    group.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_seen_in_code_and_in_braces_and_not_in_comments() {
        assert!(uses("let text = std::fs::read(path);", "std::fs"));
        assert!(uses("use std::{fs, io::Write};", "std::fs"));
        assert!(!uses("use std::{fsync, io};", "std::fs"));
        assert!(!uses("// std::fs is not used", "std::fs"));
        assert!(uses("unsafe { libc::getpid() }", "libc::"));
    }
}
