use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::available_parallelism;

use jail::{Confinement, Controller, Groups, Slot, Tier, landlock_version};
use keeper::{Keeper, NoTier, Settled, Weak, settle};
use nix::unistd::geteuid;
use observation::{Fact, Request};

use crate::advice;
use crate::{Finding, Report, SCHEMA, State};

/// Tries everything out on behalf of the calling user; takes a fraction of a second.
pub fn examine(keeper: &Keeper, weak: Weak) -> Report {
    let (tier, refused) = match settle(keeper, weak) {
        Ok(Settled { tier, refused }) => (Some(tier), refused),
        Err(NoTier(refused)) => (None, refused),
    };
    let mut findings = vec![walls(tier)];
    findings.extend(tier.map(|tier| behind(tier, keeper)).into_iter().flatten());
    findings.extend([kernel(), cores(), toolchain(tier)]);
    let refused = refused.iter().map(ToString::to_string).collect();
    Report { schema: SCHEMA, tier, refused, findings }
}

fn finding(subject: &'static str, state: State, what: impl Into<String>) -> Finding {
    Finding { subject, state, what: what.into(), advice: None }
}

fn advise(finding: Finding, advice: impl Into<String>) -> Finding {
    Finding { advice: Some(advice.into()), ..finding }
}

fn walls(tier: Option<Tier>) -> Finding {
    let state = match tier {
        Some(Tier::A | Tier::B) => State::Holds,
        Some(Tier::C | Tier::D) => State::Partly,
        None => State::Missing,
    };
    let what = tier.map_or("none: submissions cannot be graded here", Tier::describe);
    let advice = advice::for_tier(tier, geteuid().is_root());
    Finding { advice, ..finding("walls", state, what) }
}

/// What differs between tiers of which every canary has lived.
fn behind(tier: Tier, keeper: &Keeper) -> Vec<Finding> {
    use State::{Holds, Partly};
    let strong = tier.has_namespaces();
    let pick = |strong_words: &str, weak_words: &str| {
        let (state, words) = if strong { (Holds, strong_words) } else { (Partly, weak_words) };
        (state, words.to_owned())
    };
    let (files, files_what) = pick(
        "nothing is there but what is granted",
        "nothing can be opened but what is granted; names and sizes of others can be seen",
    );
    let (processes, processes_what) = pick(
        "only its own exist",
        "others can neither be signalled nor looked into, but share its numbers",
    );
    let (disk, disk_what) = pick(
        "bounded in total, in memory, gone afterwards",
        "bounded per file, not in total; gone afterwards",
    );
    let kill = match tier {
        Tier::A | Tier::B => (Holds, "by the kernel, with the pid namespace"),
        Tier::C => (Holds, "by the user of the slot, at once"),
        Tier::D => (Partly, "by the observer, one by one"),
    };
    vec![
        finding("files", files, files_what),
        finding("network", Holds, "none but Unix sockets of its own"),
        finding("processes", processes, processes_what),
        memory(),
        finding("disk", disk, disk_what),
        finding("kill everything", kill.0, kill.1),
        ptrace(tier, keeper),
    ]
}

fn memory() -> Finding {
    let name = format!("interleave-doctor-{}", std::process::id());
    let tried = Groups::make(&name, Some(64 << 20), 64);
    match (tried.map(|groups| groups.memory_kills()), Controller::Memory.parent()) {
        (Ok(Some(_)), Some(parent)) => {
            finding("memory", State::Holds, format!("bounded in total, below {}", parent.display()))
        }
        _ => advise(
            finding("memory", State::Partly, "bounded per process, not in total"),
            advice::for_memory(),
        ),
    }
}

fn ptrace(tier: Tier, keeper: &Keeper) -> Finding {
    let request = Request::new("/bin/true");
    let confinement = Confinement::for_program(tier, Slot(0), &request.program);
    let seen = match keeper.run(&request, &confinement) {
        Ok(seen) => seen,
        Err(error) => return finding("ptrace", State::Missing, error.to_string()),
    };
    match seen.unsure_of(Fact::Processes) {
        None => finding("ptrace", State::Holds, "every process and thread is followed"),
        Some(reason) => advise(
            finding("ptrace", State::Partly, reason),
            "allow ptrace: `docker run --cap-add SYS_PTRACE`, `sysctl kernel.yama.ptrace_scope=1`",
        ),
    }
}

fn kernel() -> Finding {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = format!("Linux {} on {}", release.trim(), std::env::consts::ARCH);
    // Since 6.12 Landlock keeps signals and abstract sockets inside.
    const SCOPES: i32 = 6;
    match landlock_version() {
        0 => advise(
            finding("kernel", State::Partly, format!("{release}, without Landlock")),
            "boot with `lsm=landlock,...`, or use Linux 5.13 or later",
        ),
        version if version < SCOPES => advise(
            finding("kernel", State::Partly, format!("{release}, Landlock {version}")),
            "use Linux 6.12 or later for tiers without namespaces",
        ),
        version => finding("kernel", State::Holds, format!("{release}, Landlock {version}")),
    }
}

fn cores() -> Finding {
    match available_parallelism().map_or(1, usize::from) {
        1 => advise(
            finding("cores", State::Partly, "1: threads take turns and never run at once"),
            "give the grader 2 cores or more, or races show less often in real runs",
        ),
        count => finding("cores", State::Holds, count.to_string()),
    }
}

fn toolchain(tier: Option<Tier>) -> Finding {
    let ask = |argument: &[&str]| {
        let output = Command::new("rustc").args(argument).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let (Some(version), Some(sysroot)) = (ask(&["--version"]), ask(&["--print", "sysroot"])) else {
        let missing = finding("toolchain", State::Missing, "there is no rustc in PATH");
        return advise(missing, "install Rust from https://rustup.rs");
    };
    let sysroot = PathBuf::from(sysroot);
    let what = format!("{version} in {}", sysroot.display());
    // With a root of its own the grader can show what only it can reach.
    let by_user = matches!(tier, Some(Tier::C));
    match closed_to_others(&sysroot).filter(|_| by_user) {
        Some(folder) => advise(
            finding("toolchain", State::Missing, format!("{what}, which users cannot reach")),
            format!("run `chmod o+x {}`, or install Rust elsewhere", folder.display()),
        ),
        None => finding("toolchain", State::Holds, what),
    }
}

/// The first folder on the way to `path` that others cannot pass through.
fn closed_to_others(path: &Path) -> Option<PathBuf> {
    let mut ways: Vec<_> = path.ancestors().collect();
    ways.reverse();
    let is_closed = |folder: &&Path| {
        fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & 0o001 == 0)
    };
    ways.into_iter().find(is_closed).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_closed_folder_is_named() {
        assert_eq!(closed_to_others(Path::new("/usr/bin")), None);
        assert_eq!(closed_to_others(Path::new("/no/such")), None);
    }

    #[test]
    fn without_walls_the_report_says_so_and_what_would_help() {
        let report = examine(&Keeper::new("/no/such/keeper"), Weak::Refused);
        assert_eq!(report.tier, None);
        assert!(report.refused[0].contains("/no/such/keeper"), "{:?}", report.refused);
        assert_eq!(report.findings[0].state, State::Missing);
        assert!(report.findings[0].advice.is_some());
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["schema"], SCHEMA);
        assert_eq!(json["findings"][0]["state"], "missing");
    }
}
