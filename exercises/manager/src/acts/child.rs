//! The server, as the system sees it.

use std::fs;
use std::process::id;

use nix::unistd::Pid;

/// The one child that this process has.
pub fn first_child() -> Option<Pid> {
    let parent = id().to_string();
    let processes = fs::read_dir("/proc").ok()?;
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut children = numbers.filter(|pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name, which may hold anything: the state, and the parent.
        let behind = stat.rsplit_once(") ").map(|(_, behind)| behind);
        behind.and_then(|behind| behind.split(' ').nth(1)) == Some(parent.as_str())
    });
    children.next().map(Pid::from_raw)
}
