//! The ways in which submissions lie about, each a module with two functions: `recognise` says
//! why a listing is of its kind, `split` takes it apart into pieces.

mod blackboard;
mod canvas;
mod github;
mod gradescope;
mod moodle;
mod nbgrader;
mod plain;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::notice::Notice;
use crate::piece::{Piece, Who};
use crate::place::{Item, ItemKind};
use crate::roster::Roster;

/// How the names in a source are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A folder or an archive for each student.
    Plain,
    /// What Moodle lets download: `<name>_<id>_assignsubmission_file`.
    Moodle,
    /// What Canvas lets download: `<name>_<id>_<id>_<file>`.
    Canvas,
    /// Gradescope's export, with its `submission_metadata.yml`.
    Gradescope,
    /// Clones: `<slug>-submissions/<slug>-<username>`.
    GitHub,
    /// What Blackboard lets download: `<assignment>_<user>_attempt_<time>_<file>`.
    Blackboard,
    /// nbgrader's exchange: `submitted/<student>/<assignment>`.
    Nbgrader,
}

impl Layout {
    /// Every layout; the plain one, which nearly everything fits, last.
    pub const ALL: [Self; 7] = [
        Self::Moodle,
        Self::Gradescope,
        Self::Blackboard,
        Self::Canvas,
        Self::Nbgrader,
        Self::GitHub,
        Self::Plain,
    ];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Moodle => "moodle",
            Self::Canvas => "canvas",
            Self::Gradescope => "gradescope",
            Self::GitHub => "github",
            Self::Blackboard => "blackboard",
            Self::Nbgrader => "nbgrader",
        }
    }

    /// Why `listing` is of this kind; none if it is not.
    pub(crate) fn recognise(self, listing: &Listing) -> Option<String> {
        match self {
            Self::Plain => plain::recognise(listing),
            Self::Moodle => moodle::recognise(listing),
            Self::Canvas => canvas::recognise(listing),
            Self::Gradescope => gradescope::recognise(listing),
            Self::GitHub => github::recognise(listing),
            Self::Blackboard => blackboard::recognise(listing),
            Self::Nbgrader => nbgrader::recognise(listing),
        }
    }

    /// Takes `listing` apart.
    pub(crate) fn split(self, listing: &Listing, roster: Option<&Roster>) -> Split {
        match self {
            Self::Plain => plain::split(listing),
            Self::Moodle => moodle::split(listing, roster),
            Self::Canvas => canvas::split(listing, roster),
            Self::Gradescope => gradescope::split(listing),
            Self::GitHub => github::split(listing, roster),
            Self::Blackboard => blackboard::split(listing, roster),
            Self::Nbgrader => nbgrader::split(listing),
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no layout; use one of plain, moodle, canvas, gradescope, github, blackboard, nbgrader"
)]
pub struct UnknownLayout(String);

impl FromStr for Layout {
    type Err = UnknownLayout;

    fn from_str(word: &str) -> Result<Self, UnknownLayout> {
        let found = Self::ALL.into_iter().find(|layout| layout.as_str() == word);
        found.ok_or_else(|| UnknownLayout(word.to_owned()))
    }
}

/// What stands at the top of a source.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    /// The source's own name, without the ending of an archive.
    pub(crate) label: String,
    pub(crate) folder: PathBuf,
    pub(crate) items: Vec<Item>,
}

impl Listing {
    pub(crate) fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }

    fn folders(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.kind == ItemKind::Folder)
    }
}

/// What a layout makes of a listing.
#[derive(Debug, Default)]
pub(crate) struct Split {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) notices: Vec<Notice>,
    /// Those who handed in something that is in no piece.
    pub(crate) left_out: Vec<Who>,
}

/// Whether `fitting` are most of what stands there: instructors put their own files beside.
fn mostly(fitting: usize, listing: &Listing) -> bool {
    2 * fitting > listing.items.len()
}

/// `count` and the noun, in the right number.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
pub(crate) mod specimen {
    use super::*;

    /// A listing of empty files, and folders where the name ends in a slash.
    pub(crate) fn listing(label: &str, names: &[&str]) -> Listing {
        let item = |name: &&str| Item {
            name: name.trim_end_matches('/').to_owned(),
            path: PathBuf::from("/nowhere").join(name.trim_end_matches('/')),
            kind: if name.ends_with('/') { ItemKind::Folder } else { ItemKind::File },
        };
        let items = names.iter().map(item).collect();
        Listing { label: label.to_owned(), folder: PathBuf::from("/nowhere"), items }
    }

    /// `label: author, author #number late`, a line for each piece.
    pub(crate) fn told(split: &Split) -> Vec<String> {
        let who = |who: &crate::piece::Who| match &who.id {
            Some(id) => format!("{}({id})", who.name),
            None => who.name.clone(),
        };
        let line = |piece: &Piece| {
            let authors: Vec<_> = piece.authors.iter().map(who).collect();
            let files: Vec<_> = piece.content.iter().map(|(name, _)| name.as_str()).collect();
            let at = piece.at.as_ref().map_or(String::new(), |at| format!(" at {at}"));
            let late = piece.late.map_or("", |late| if late { " late" } else { " in time" });
            let (authors, files) = (authors.join(", "), files.join(" "));
            format!("{authors} #{}{at}{late} [{files}]", piece.number)
        };
        split.pieces.iter().map(line).collect()
    }
}
