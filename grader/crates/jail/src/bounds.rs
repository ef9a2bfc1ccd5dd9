//! What every program has of each resource, whoever started the grader.

use std::fs;

use nix::sys::resource::{RLIM_INFINITY, Resource as Kind, getrlimit, setrlimit};
use observation::Limits;

use crate::{Resource, Step};

/// Open descriptors per process.
pub(crate) const OPEN_FILES: u64 = 1024;

/// What Linux gives a program to begin with. Softly and hardly, since how far a program may raise it
/// would again be up to who started the grader.
const STACK: u64 = 8 << 20;

/// The steps that hold a program to `limits`.
///
/// Processes are not among them: the kernel counts all of a user's, so that bound goes with the walls.
pub fn bounds(limits: &Limits) -> Vec<Step> {
    let bounds = [
        (Resource::AddressSpace, limits.memory),
        (Resource::Core, 0),
        // The observer counts the whole tree; this ends what escapes the observer.
        (Resource::Cpu, limits.cpu.as_secs() + 2),
        (Resource::Data, limits.memory),
        (Resource::FileSize, limits.file_size),
    ];
    bounds.map(|(resource, value)| Step::Limit(resource, value)).into()
}

/// The steps that put values of ours in place of what a program would inherit, so that who started the
/// grader is no matter to it: what [`bounds`] leaves open, how it is scheduled, what kind of Linux it sees.
pub fn usual() -> Vec<Step> {
    let usual = [
        (Resource::LockedMemory, 1 << 20),
        (Resource::MessageQueues, 819_200),
        (Resource::Nice, 0),
        (Resource::OpenFiles, OPEN_FILES),
        (Resource::PendingSignals, 4096),
        (Resource::RealTimePriority, 0),
        (Resource::Stack, STACK),
    ];
    let usual = usual.into_iter().map(|(resource, value)| Step::Limit(resource, value));
    usual.chain([Step::ScheduleAsUsual, Step::UsualPersonality]).collect()
}

/// Takes away, as far as this process may, what its parent gave it too little of, and what would keep
/// the kernel from ending a program that has used up its memory. What is started in a user namespace
/// could not: there nobody may raise a limit, and some count for all in it as they stood outside.
pub(crate) fn unbind() {
    use Kind::{
        RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE,
        RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_SIGPENDING, RLIMIT_STACK,
    };
    let scarce = [
        RLIMIT_AS,
        RLIMIT_CPU,
        RLIMIT_DATA,
        RLIMIT_FSIZE,
        RLIMIT_MEMLOCK,
        RLIMIT_MSGQUEUE,
        RLIMIT_NPROC,
        RLIMIT_SIGPENDING,
        RLIMIT_STACK,
    ];
    for kind in scarce {
        raise(kind, RLIM_INFINITY);
    }
    // There are only so many.
    raise(RLIMIT_NOFILE, OPEN_FILES);
    const SCORE: &str = "/proc/self/oom_score_adj";
    let score = fs::read_to_string(SCORE).ok().and_then(|score| score.trim().parse::<i32>().ok());
    if score.is_some_and(|score| score < 0) {
        let _ = fs::write(SCORE, "0");
    }
}

fn raise(kind: Kind, value: u64) {
    let Ok((soft, hard)) = getrlimit(kind) else { return };
    if soft < value && setrlimit(kind, value, value.max(hard)).is_err() {
        let _ = setrlimit(kind, value.min(hard), hard);
    }
}

impl Resource {
    /// What the kernel calls it.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::AddressSpace => Kind::RLIMIT_AS,
            Self::Core => Kind::RLIMIT_CORE,
            Self::Cpu => Kind::RLIMIT_CPU,
            Self::Data => Kind::RLIMIT_DATA,
            Self::FileSize => Kind::RLIMIT_FSIZE,
            Self::LockedMemory => Kind::RLIMIT_MEMLOCK,
            Self::MessageQueues => Kind::RLIMIT_MSGQUEUE,
            Self::Nice => Kind::RLIMIT_NICE,
            Self::OpenFiles => Kind::RLIMIT_NOFILE,
            Self::PendingSignals => Kind::RLIMIT_SIGPENDING,
            Self::Processes => Kind::RLIMIT_NPROC,
            Self::RealTimePriority => Kind::RLIMIT_RTPRIO,
            Self::Stack => Kind::RLIMIT_STACK,
        }
    }
}
