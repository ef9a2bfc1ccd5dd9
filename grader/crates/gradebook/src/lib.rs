//! Turns results into grades, keeps them, and hands them over.
//!
//! [`grade`] applies a course's policies and is pure: the same attempts, extensions and
//! overrides always give the same grade, with the steps that led to it. [`Store`] keeps every
//! attempt, result and override with its history in one SQLite file. [`sheets`] fills in what
//! learning-management systems export, a module for each format.

mod book;
mod extension;
pub mod grade;
mod overriding;
pub mod sheets;
mod step;
mod store;

pub use book::{Book, BookLesson, Member, Taken, TakenIn};
pub use extension::{Extension, Extensions};
pub use grade::{AttemptFacts, LessonGrade, Total};
pub use overriding::{Override, export_overrides, import_overrides};
pub use step::{Attention, Step};
pub use store::{OverrideEvent, RunFacts, Store, StoreError};

/// What is wrong with a table that somebody wrote.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It is no table.
    #[error("this is no CSV: {0}")]
    Form(#[from] csv::Error),
    /// A column is not there.
    #[error("the columns are {found}; `{missing}` is missing")]
    Missing {
        /// Those that there are.
        found: String,
        /// The one that is looked for.
        missing: &'static str,
    },
    /// A row is wrong.
    #[error("line {line}: {message}")]
    Row {
        /// From 1.
        line: u64,
        /// What is wrong, and what would be right.
        message: String,
    },
}

/// The rows of a table with a header, by column; cells are trimmed.
pub(crate) struct Table {
    headers: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    pub(crate) fn parse(text: &str) -> Result<Self, TableError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(spreadsheet::delimiter(text))
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let headers = reader.headers()?.iter().map(str::to_lowercase).collect();
        Ok(Self { headers, rows: reader.records().collect::<Result<_, _>>()? })
    }

    /// Where the column `name` is.
    pub(crate) fn column(&self, name: &'static str) -> Result<usize, TableError> {
        let found = self.headers.iter().position(|header| header == name);
        found.ok_or_else(|| TableError::Missing { found: self.headers.join(", "), missing: name })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = (u64, &csv::StringRecord)> {
        self.rows.iter().map(|row| (row.position().map_or(0, csv::Position::line), row))
    }
}
