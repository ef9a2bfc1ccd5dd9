//! What a source uses that no exploration sees.

use crate::source::Source;

/// Paths whose users leave the model, and what that means.
const ESCAPES: &[(&str, &str)] = &[
    ("core::sync::atomic", "is the real one: what threads do to it is no scheduling point"),
    ("core::cell::SyncUnsafeCell", "is not watched"),
    ("libc::", "calls the system directly: threads and locks made there are not explored"),
    ("std::fs", "touches real files, which one schedule leaves to the next"),
    ("std::net", "waits for the real network while all threads of the schedule stand still"),
    ("std::os::unix::net", "waits for real sockets while all threads of the schedule stand still"),
    ("std::process::Command", "starts real processes"),
    ("SystemTime", "shows the real time: the same schedule may go another way"),
    ("static mut", "keeps what the schedule before left in it"),
];

/// One note per escape and file, with its first line.
pub(crate) fn notes(source: &Source) -> Vec<String> {
    let mut notes = Vec::new();
    for file in &source.files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        for (path, consequence) in ESCAPES {
            let used =
                |line: &&str| line.split("//").next().is_some_and(|code| code.contains(path));
            if let Some(line) = text.lines().position(|line| used(&line)) {
                notes.push(format!("{name}:{}: `{path}` {consequence}", line + 1));
            }
        }
    }
    notes
}
