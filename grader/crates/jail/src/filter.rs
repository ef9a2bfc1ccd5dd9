//! The system call filters, compiled before the fork.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

use crate::calls;

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What is not on the list of allowed calls does not exist: `ENOSYS`.
///
/// Calls made through another calling convention (32 bits on a 64-bit kernel) end
/// the process.
pub(crate) fn allow() -> Result<BpfProgram, BackendError> {
    let mut rules: Rules = calls::ALLOWED.concat().into_iter().map(|call| (call, vec![])).collect();
    // clone3 keeps its flags in memory, where no filter can look; callers fall back to clone.
    let flags = SeccompCmpOp::MaskedEq(calls::CLONE_FORBIDDEN);
    rules.insert(libc::SYS_clone, vec![rule(&[(0, flags, 0)])?]);
    let unix = || rule(&[(0, SeccompCmpOp::Eq, libc::AF_UNIX as u64)]);
    rules.insert(libc::SYS_socket, vec![unix()?]);
    rules.insert(libc::SYS_socketpair, vec![unix()?]);
    let requests = calls::IOCTL_FORBIDDEN.iter();
    let requests: Vec<_> = requests.map(|&request| (1, SeccompCmpOp::Ne, request)).collect();
    rules.insert(libc::SYS_ioctl, vec![rule(&requests)?]);
    compile(rules, SeccompAction::Errno(libc::ENOSYS as u32), SeccompAction::Allow)
}

/// What is known and not to be had is refused: `EPERM`. To be installed last.
pub(crate) fn deny() -> Result<BpfProgram, BackendError> {
    let mut rules: Rules = calls::DENIED.concat().into_iter().map(|call| (call, vec![])).collect();
    let not_unix = rule(&[(0, SeccompCmpOp::Ne, libc::AF_UNIX as u64)])?;
    rules.insert(libc::SYS_socket, vec![not_unix]);
    let one_of = |request: &u64| rule(&[(1, SeccompCmpOp::Eq, *request)]);
    let requests = calls::IOCTL_FORBIDDEN.iter().map(one_of).collect::<Result<_, _>>()?;
    rules.insert(libc::SYS_ioctl, requests);
    compile(rules, SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32))
}

/// All of the comparisons (argument, how, with what) on 32 bits.
fn rule(comparisons: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, BackendError> {
    let conditions = comparisons.iter().map(|(argument, compare, value)| {
        // The kernel itself looks at no more bits of these arguments.
        SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, compare.clone(), *value)
    });
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}

fn compile(
    rules: Rules,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, otherwise, matched, ARCH)?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_filters_compile_within_the_limit_of_the_kernel() {
        const BPF_MAXINSNS: usize = 4096;
        assert!((1..BPF_MAXINSNS).contains(&allow().unwrap().len()));
        assert!((1..BPF_MAXINSNS).contains(&deny().unwrap().len()));
    }
}
