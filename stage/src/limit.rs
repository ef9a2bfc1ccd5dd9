//! Doing something while there is little of a resource.
#![expect(unsafe_code, reason = "limits are read and set by system calls")]

/// Does something while this process may have only `few` of a resource, and puts the limit back to
/// what it was.
///
/// The resource is one of those of `setrlimit`, and `few` counts as it does there: for
/// `RLIMIT_NOFILE` it is the number that every new descriptor stays below, for `RLIMIT_NPROC` how many
/// processes and threads this user may have. What there is already stays.
///
/// Not every system lets itself be limited by everybody, nor lets go of a limit. That is no error:
/// `act` is done all the same, and finds out what there is.
///
/// ```
/// let open = || std::fs::File::open("/dev/null").is_ok();
/// assert!(!stage::with_limit(libc::RLIMIT_NOFILE, 0, open));
/// assert!(open());
/// ```
pub fn with_limit<T>(resource: libc::__rlimit_resource_t, few: u64, act: impl FnOnce() -> T) -> T {
    let usual = limit_of(resource);
    set(resource, libc::rlimit { rlim_cur: few, ..usual });
    let result = act();
    set(resource, usual);
    result
}

fn limit_of(resource: libc::__rlimit_resource_t) -> libc::rlimit {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a system call on a struct that lives long enough.
    unsafe { libc::getrlimit(resource, &raw mut limit) };
    limit
}

fn set(resource: libc::__rlimit_resource_t, limit: libc::rlimit) {
    // SAFETY: as above.
    unsafe { libc::setrlimit(resource, &raw const limit) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_as_long_as_the_act() {
        let descriptors = || limit_of(libc::RLIMIT_NOFILE).rlim_cur;
        let usual = descriptors();
        // Hardly fewer: other tests run meanwhile.
        assert_eq!(with_limit(libc::RLIMIT_NOFILE, usual - 1, descriptors), usual - 1);
        assert_eq!(descriptors(), usual);
    }
}
