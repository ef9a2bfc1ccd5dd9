use std::fmt;

/// A kind of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// A lock or permit is not taken.
    DropLock,
    /// A lock is let go of and taken again in the middle of its critical section.
    SplitLock,
    /// Two locks are taken in the other order.
    SwapLocks,
    /// One is woken in place of all, or all in place of one.
    Notify,
    /// What was asked for again after a wait is asked for once.
    IfForWhile,
    /// A thread or child is not waited for.
    SkipJoin,
    /// An end of a pipe, a queue or a file stays open.
    KeepOpen,
    /// What was taken is not given back, or nobody is told.
    ForgetRelease,
    /// Any other call for its effect is left out.
    DropCall,
    /// A bound is off by one.
    OffByOne,
    /// An error is ignored.
    IgnoreError,
    /// A poisoned lock is not used any more.
    Poison,
    /// An atomic operation orders nothing but itself.
    WeakerOrdering,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 13] = [
        Self::DropLock,
        Self::SplitLock,
        Self::SwapLocks,
        Self::Notify,
        Self::IfForWhile,
        Self::SkipJoin,
        Self::KeepOpen,
        Self::ForgetRelease,
        Self::DropCall,
        Self::OffByOne,
        Self::IgnoreError,
        Self::Poison,
        Self::WeakerOrdering,
    ];

    /// Its name in reports and in lists of equivalent mutants.
    pub fn name(self) -> &'static str {
        match self {
            Self::DropLock => "drop-lock",
            Self::SplitLock => "split-lock",
            Self::SwapLocks => "swap-locks",
            Self::Notify => "notify",
            Self::IfForWhile => "if-for-while",
            Self::SkipJoin => "skip-join",
            Self::KeepOpen => "keep-open",
            Self::ForgetRelease => "forget-release",
            Self::DropCall => "drop-call",
            Self::OffByOne => "off-by-one",
            Self::IgnoreError => "ignore-error",
            Self::Poison => "poison",
            Self::WeakerOrdering => "weaker-ordering",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
