//! What the kernel tells of one semaphore of System V.
#![expect(unsafe_code, reason = "semctl has no safe wrapper")]

/// The state of a semaphore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Semaphore {
    /// Its units.
    pub value: i32,
    /// The process that changed it last, if it lives.
    pub changed_by: i32,
}

impl Semaphore {
    /// The one with `number` in the set `id` of the caller's namespace; none if there is no
    /// such set, or the caller may not read it.
    pub fn of(id: i32, number: i32) -> Option<Self> {
        let ask = |what| {
            // SAFETY: these commands take no fourth argument and write no memory of ours.
            let answer = unsafe { libc::semctl(id, number, what) };
            (answer >= 0).then_some(answer)
        };
        Some(Self { value: ask(libc::GETVAL)?, changed_by: ask(libc::GETPID)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_that_does_not_exist_has_no_state() {
        assert_eq!(Semaphore::of(-1, 0), None);
    }
}
