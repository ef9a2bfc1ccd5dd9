//! Why it is not proved that a run which stands still does so for ever.

use std::fmt::{self, Display, Formatter};

use observation::Doubt;

/// A doubt, and what it is about, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doubtful {
    pub(crate) doubt: Doubt,
    words: String,
}

impl Doubtful {
    /// Something outside of the run could wake a task.
    pub(crate) fn outsider(words: impl Into<String>) -> Self {
        Self { doubt: Doubt::Outsider, words: words.into() }
    }

    /// Time alone will wake a task.
    pub(crate) fn clock(words: impl Into<String>) -> Self {
        Self { doubt: Doubt::Clock, words: words.into() }
    }

    /// A task sleeps for a length of time.
    pub(crate) fn nap() -> Self {
        Self { doubt: Doubt::Nap, words: "it sleeps".to_owned() }
    }

    /// What could wake a task cannot be seen.
    pub(crate) fn unseen(words: impl Into<String>) -> Self {
        Self { doubt: Doubt::Unseen, words: words.into() }
    }

    /// The same of somebody: `whom` stands before the words.
    pub(crate) fn of(self, whom: &str) -> Self {
        Self { words: format!("{whom}{}", self.words), ..self }
    }
}

/// What is said of a look that failed.
impl From<&str> for Doubtful {
    fn from(words: &str) -> Self {
        Self::unseen(words)
    }
}

impl Display for Doubtful {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.words)
    }
}
