//! What to change on a host to get stronger walls.

use std::fs;

use jail::Tier;

/// How to get above `tier`, or anything at all.
pub(crate) fn for_tier(tier: Option<Tier>, root: bool) -> Option<String> {
    match tier {
        Some(Tier::A) => None,
        Some(Tier::B) => {
            Some("run the grader as root: each slot then has a user of its own".to_owned())
        }
        Some(Tier::C | Tier::D) | None if root => Some(in_container()),
        Some(Tier::C | Tier::D) | None => Some(for_user()),
    }
}

fn in_container() -> String {
    "let the container make user namespaces: `docker run --security-opt seccomp=unconfined \
     --security-opt apparmor=unconfined --security-opt systempaths=unconfined`, or grade on the host"
        .to_owned()
}

/// The switches by which hosts forbid user namespaces to users.
fn for_user() -> String {
    let reads = |name: &str| fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default();
    let is = |name: &str, value: &str| reads(name).trim() == value;
    if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        return "run `sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run as root"
            .to_owned();
    }
    if is("kernel/unprivileged_userns_clone", "0") {
        return "run `sysctl kernel.unprivileged_userns_clone=1`, or run as root".to_owned();
    }
    if is("user/max_user_namespaces", "0") {
        return "run `sysctl user.max_user_namespaces=10000`, or run as root".to_owned();
    }
    "run as root, or let users make user namespaces".to_owned()
}

/// How to get a bound on the memory of all processes of a run together.
pub(crate) fn for_memory() -> String {
    "run as root where control groups can be written, or in a scope of your own: \
     `systemd-run --user --scope -p Delegate=yes grader ...`"
        .to_owned()
}
