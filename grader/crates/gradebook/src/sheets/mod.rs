//! Grades as other systems read them: sheets that they exported, filled in, and tables of our own.
//!
//! A sheet that was exported is the only safe description of what will be read again. So cells
//! that are not for grades keep their text, and a grade that the system would misread or pass
//! over in silence is said.

pub mod blackboard;
pub mod canvas;
pub mod lines;
pub mod moodle;
pub mod nbgrader;
pub mod table;

use std::borrow::Cow;
use std::collections::BTreeMap;

use course::Points;
use csv::{QuoteStyle, Terminator};
use thiserror::Error;

use crate::book::{Book, BookLesson, Member};

/// A sheet that was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The whole sheet.
    pub text: String,
    /// How many cells got a grade.
    pub cells: usize,
    /// What a person has to know: who is not in the sheet, whose grade does not fit.
    pub notices: Vec<String>,
}

/// Which column is for which lesson, and how points get there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filling {
    /// The lesson, if only one is to be filled in.
    pub lesson: Option<String>,
    /// The column's whole title, or what stands before its number; found by the lesson's name
    /// if none is given. Needs a lesson.
    pub column: Option<String>,
    /// What to do where the sheet's maximum is not the lesson's.
    pub scale: Scale,
}

/// What to do where the maximum of a sheet is not that of the lesson.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Say so, and fill in nothing.
    #[default]
    Refused,
    /// The same share of the sheet's maximum, to the nearest hundredth.
    Proportional,
}

/// Why a sheet cannot be filled in.
#[derive(Debug, Error)]
pub enum SheetError {
    /// It is no table.
    #[error("the sheet is no CSV: {0}")]
    Form(#[from] csv::Error),
    /// It is not what this system exports.
    #[error("this is no sheet of {system}: {problem}")]
    System {
        /// Which.
        system: &'static str,
        /// What is missing.
        problem: String,
    },
    /// No column for a lesson.
    #[error("{0}")]
    Column(String),
    /// Maxima differ.
    #[error(
        "`{column}` is worth {sheet} and {lesson} is worth {own}; make them equal, or give --scale for the same share"
    )]
    Maximum {
        /// The column.
        column: String,
        /// The lesson.
        lesson: String,
        /// The sheet's maximum.
        sheet: Points,
        /// The lesson's.
        own: Points,
    },
}

/// A table as it was exported.
pub(crate) struct Sheet {
    bom: bool,
    delimiter: u8,
    quote: QuoteStyle,
    terminator: Terminator,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(crate) fn parse(text: &str) -> Result<Self, csv::Error> {
        let bom = text.starts_with('\u{feff}');
        let text = text.trim_start_matches('\u{feff}');
        let quote = if text.starts_with('"') { QuoteStyle::Always } else { QuoteStyle::Necessary };
        let terminator =
            if text.contains("\r\n") { Terminator::CRLF } else { Terminator::Any(b'\n') };
        let delimiter = spreadsheet::delimiter(text);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let row = |row: Result<csv::StringRecord, csv::Error>| {
            row.map(|row| row.iter().map(str::to_owned).collect())
        };
        let rows = reader.records().map(row).collect::<Result<_, _>>()?;
        Ok(Self { bom, delimiter, quote, terminator, rows })
    }

    pub(crate) fn headers(&self) -> &[String] {
        self.rows.first().map_or(&[], Vec::as_slice)
    }

    /// Where a column with one of `names` is, whatever their case.
    pub(crate) fn column(&self, names: &[&str]) -> Option<usize> {
        self.headers().iter().position(|header| {
            let header = header.trim().to_lowercase();
            names.contains(&header.as_str())
        })
    }

    pub(crate) fn render(&self) -> Result<String, csv::Error> {
        let mut builder = csv::WriterBuilder::new();
        builder.delimiter(self.delimiter).flexible(true);
        builder.quote_style(self.quote).terminator(self.terminator);
        let mut writer = builder.from_writer(Vec::new());
        self.rows.iter().try_for_each(|row| writer.write_record(row))?;
        let mark = if self.bom { "\u{feff}" } else { "" };
        Ok(format!("{mark}{}", text(writer)?))
    }
}

/// What was written.
pub(crate) fn text(writer: csv::Writer<Vec<u8>>) -> Result<String, csv::Error> {
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A cell that no spreadsheet takes for a formula.
pub(crate) fn guarded(cell: &str) -> Cow<'_, str> {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}").into(),
        false => cell.into(),
    }
}

/// The names in a sheet. By a name that two rows have nobody is found.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<Vec<String>, usize>);

impl Names {
    /// Those of all rows, one each.
    pub(crate) fn of(names: impl IntoIterator<Item = String>) -> Self {
        let mut counts = BTreeMap::new();
        names.into_iter().for_each(|name| *counts.entry(words(&name)).or_default() += 1);
        Self(counts)
    }

    /// Whether a row has it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(&words(name))
    }

    /// `name`, unless several rows have it.
    pub(crate) fn only<'a>(&self, name: &'a str) -> &'a str {
        if self.0.get(&words(name)).is_some_and(|&rows| rows > 1) { "" } else { name }
    }
}

/// What identifies a row's student in a sheet.
pub(crate) struct Identity<'a> {
    /// Numbers of the system's own, which only one student has.
    pub(crate) system_ids: &'a [&'a str],
    /// Usernames, addresses, numbers on the roster.
    pub(crate) words: &'a [&'a str],
    /// A name for people.
    pub(crate) name: &'a str,
}

impl Book {
    /// The one member that `identity` is of. By a name only if nothing else says who it is
    /// and only one has it.
    pub(crate) fn find(&self, identity: &Identity<'_>) -> Option<usize> {
        let same = |own: Option<&str>, other: &str| {
            !other.is_empty() && own.is_some_and(|own| own.to_lowercase() == other.to_lowercase())
        };
        let by_id = |member: &Member| {
            identity.system_ids.iter().any(|id| same(member.system_id.as_deref(), id))
        };
        let by_word = |member: &Member| {
            let own =
                [Some(member.student.as_str()), member.id.as_deref(), member.email.as_deref()];
            identity.words.iter().any(|word| own.iter().any(|own| same(*own, word)))
        };
        let spelt = words(identity.name);
        let by_name = |member: &Member| {
            let names = [member.name.as_deref(), Some(member.student.as_str())];
            !spelt.is_empty() && names.into_iter().flatten().any(|name| words(name) == spelt)
        };
        let only = |fits: &dyn Fn(&Member) -> bool| {
            let mut found = (0..self.members.len()).filter(|&index| fits(&self.members[index]));
            let first = found.next();
            if found.next().is_some() { None } else { first }
        };
        only(&by_word).or_else(|| only(&by_id)).or_else(|| only(&by_name))
    }

    /// The lessons to fill in.
    pub(crate) fn wanted(&self, filling: &Filling) -> Result<Vec<&BookLesson>, SheetError> {
        let Some(id) = &filling.lesson else { return Ok(self.lessons.iter().collect()) };
        let known: Vec<_> = self.lessons.iter().map(|lesson| lesson.id.as_str()).collect();
        let unknown = || {
            SheetError::Column(format!(
                "no grades for `{id}`; there are some for {}",
                known.join(", ")
            ))
        };
        Ok(vec![self.lesson(id).ok_or_else(unknown)?])
    }
}

/// The words of a name, in whatever order they come.
fn words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let split = lower.split(|c: char| !c.is_alphanumeric() && c != '\'');
    let mut words: Vec<String> = split.filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.sort();
    words
}

/// Whether a column with this title is for `lesson`.
pub(crate) fn is_for(title: &str, lesson: &BookLesson) -> bool {
    let title = words(title);
    lesson.titles.iter().any(|own| words(own) == title) || words(lesson.id.as_str()) == title
}

/// What goes into a cell whose column is worth `sheet`, and what to say about it.
pub(crate) fn cell(
    points: Points,
    lesson: &BookLesson,
    sheet: Option<Points>,
    scale: Scale,
) -> (Points, Option<String>) {
    let Some(sheet) = sheet else { return (points, None) };
    let scaled = match scale {
        Scale::Proportional if lesson.max != Points::ZERO => {
            let product = u128::from(points.hundredths()) * u128::from(sheet.hundredths());
            let max = u128::from(lesson.max.hundredths());
            let rounded = (2 * product + max) / (2 * max);
            Points::from_hundredths(u64::try_from(rounded).unwrap_or(u64::MAX))
        }
        Scale::Proportional | Scale::Refused => points,
    };
    match scaled > sheet {
        true => (
            sheet,
            Some(format!(
                "{scaled} is more than the {sheet} that the sheet allows; {sheet} is filled in"
            )),
        ),
        false => (scaled, None),
    }
}

/// Refuses a column whose maximum is not the lesson's, unless shares are asked for.
pub(crate) fn check_maximum(
    column: &str,
    lesson: &BookLesson,
    sheet: Option<Points>,
    scale: Scale,
) -> Result<(), SheetError> {
    match sheet {
        Some(sheet) if sheet != lesson.max && scale == Scale::Refused => Err(SheetError::Maximum {
            column: column.to_owned(),
            lesson: lesson.id.to_string(),
            sheet,
            own: lesson.max,
        }),
        _ => Ok(()),
    }
}

/// Reads a maximum as systems write it: `10`, `10.00`, `10,00`.
pub(crate) fn maximum(text: &str) -> Option<Points> {
    let text = text.trim().replace(',', ".");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = part.trim_end_matches('0');
    format!("{whole}.{}", if part.is_empty() { "0" } else { part }).parse().ok()
}

/// `points` as a sheet writes numbers in which `like` is one: `12.5`, `12,5`.
pub(crate) fn number(points: Points, like: &str) -> String {
    let comma = like.contains(',') && !like.contains('.');
    let text = points.to_string();
    if comma { text.replace('.', ",") } else { text }
}

/// The notices about members that are not in a sheet although they have a grade.
pub(crate) fn absent(book: &Book, seen: &[usize], lessons: &[&BookLesson]) -> Vec<String> {
    let mut notices = Vec::new();
    for (index, member) in book.members.iter().enumerate() {
        let has = |lesson: &&BookLesson| member.grades.contains_key(&lesson.id);
        if !seen.contains(&index) && lessons.iter().any(has) {
            notices.push(format!("{} has a grade and is not in the sheet", member.student));
        }
    }
    notices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_a_spreadsheet_would_compute_are_guarded() {
        for (cell, guarded_) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-rf", "'-rf"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell), guarded_);
        }
    }

    #[test]
    fn maxima_are_read_as_systems_write_them() {
        for (text, points) in [
            ("10", Some("10")),
            ("10.00", Some("10")),
            ("12,50", Some("12.5")),
            ("12.50000", Some("12.5")),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(maximum(text), points.map(|points| points.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_sheet_that_is_not_touched_stays_as_it_is() {
        for text in [
            "a,b\n    Points Possible,\"x, y\"\n",
            "\u{feff}\"a\",\"b\"\r\n\"1\",\"2\"\"3\"\r\n",
            "a\nb\n",
            "a;b, c\n1;2,5\n",
            "\u{feff}\"a\"\t\"b\"\n\"1\"\t\"2\"\n",
        ] {
            assert_eq!(Sheet::parse(text).unwrap().render().unwrap(), text);
        }
    }
}
