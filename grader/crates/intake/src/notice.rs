use std::fmt;

use report::printable;

/// Something that the instructor has to know about what was handed in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// What it means for the grades.
    pub kind: Kind,
    /// The file, folder or student.
    pub about: String,
    /// What is the matter, and what to do.
    pub says: String,
}

/// What a notice means for the grades; the first need somebody's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Not taken in, because it holds what no honest submission holds.
    Refused,
    /// Not taken in, because it can be read in more than one way.
    Ambiguous,
    /// Not taken in, because it fits nothing.
    Unmatched,
    /// Handed in, but not on the roster.
    Unknown,
    /// On the roster, but handed in nothing.
    Missing,
    /// Taken in; worth a look.
    Remark,
}

impl Kind {
    /// Whether something was handed in and is not graded because of this.
    pub fn keeps_from_grading(self) -> bool {
        matches!(self, Self::Refused | Self::Ambiguous)
    }

    /// The heading of a list of such notices.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Refused => "not taken in, refused",
            Self::Ambiguous => "not taken in, ambiguous",
            Self::Unmatched => "left out, fits no lesson",
            Self::Unknown => "not on the roster, graded all the same",
            Self::Missing => "on the roster, nothing handed in",
            Self::Remark => "worth a look",
        }
    }
}

impl Notice {
    pub(crate) fn new(kind: Kind, about: impl Into<String>, says: impl Into<String>) -> Self {
        Self { kind, about: about.into(), says: says.into() }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", printable(&self.about))?;
        if self.says.is_empty() { Ok(()) } else { write!(f, ": {}", printable(&self.says)) }
    }
}
