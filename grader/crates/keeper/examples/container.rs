//! Runs a program as it would be run in a container:
//! `container <user> <rights> <shown> <place> program ...`.
//!
//! In a pid namespace of its own, so that whatever goes wrong stays in there; as
//! `user`; and with `plain` rights without the right to make namespaces or mounts,
//! as container engines have it. `free` leaves that right alone. The folder `shown` is
//! seen at the folder `place` as well. /dev/shm is its own.

use std::collections::BTreeMap;
use std::error::Error;
use std::process::{Command, ExitCode};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

/// The inner of the two processes.
const INSIDE: &str = "--inside";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let status = match arguments.split_first() {
        Some((first, rest)) if first == INSIDE => run(rest)?,
        _ => {
            unshare(CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC)?;
            Command::new(std::env::current_exe()?).arg(INSIDE).args(arguments).status()?
        }
    };
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

fn run(arguments: &[String]) -> Result<std::process::ExitStatus, Box<dyn Error>> {
    let [user, rights, shown, place, program, rest @ ..] = arguments else {
        return Err("what to run?".into());
    };
    if std::process::id() != 1 {
        return Err("not in a pid namespace of its own".into());
    }
    let nothing = None::<&str>;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)?;
    mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), nothing)?;
    let shared = "size=256m,mode=1777";
    mount(Some("shm"), "/dev/shm", Some("tmpfs"), MsFlags::empty(), Some(shared))?;
    mount(Some(shown.as_str()), place.as_str(), nothing, MsFlags::MS_BIND, nothing)?;
    if rights == "plain" {
        apply_filter(&engine_filter()?)?;
    }
    let user: u32 = user.parse()?;
    if user != 0 {
        setgroups(&[])?;
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(user));
        setresgid(group, group, group)?;
        setresuid(user, user, user)?;
    }
    Ok(Command::new(program).args(rest).status()?)
}

fn engine_filter() -> Result<BpfProgram, Box<dyn Error>> {
    let refused = [libc::SYS_unshare, libc::SYS_setns, libc::SYS_mount, libc::SYS_pivot_root];
    let mut rules: BTreeMap<_, _> = refused.into_iter().map(|call| (call, vec![])).collect();
    let flags = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWNET;
    let each = [libc::CLONE_NEWUSER, libc::CLONE_NEWNS, libc::CLONE_NEWPID, libc::CLONE_NEWNET];
    let any = each.into_iter().map(|flag| {
        let flag = u64::from((flag & flags).cast_unsigned());
        let set = SeccompCmpOp::MaskedEq(flag);
        SeccompRule::new(vec![SeccompCondition::new(0, SeccompCmpArgLen::Dword, set, flag)?])
    });
    rules.insert(libc::SYS_clone, any.collect::<Result<_, _>>()?);
    let (allow, refuse) = (SeccompAction::Allow, SeccompAction::Errno(libc::EPERM.cast_unsigned()));
    let arch = std::env::consts::ARCH.try_into()?;
    Ok(SeccompFilter::new(rules, allow, refuse, arch)?.try_into()?)
}
