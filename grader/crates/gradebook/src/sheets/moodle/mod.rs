//! Moodle's offline grading worksheet: `Identifier, "Full name", ..., Grade, "Maximum grade", ...`
//! with a byte order mark, of one assignment; and the export of its gradebook: `"First name",
//! "Last name", ..., "Email address", "Assignment: Locks (Real)", ...`.
//!
//! Headers are in the site's language, and grades out of range are skipped in silence. The
//! identifier always comes first and ends in the participant's number, and the maximum stands
//! right behind the grade, in the number format of the site.
//!
//! For Moodle a backslash takes the quote behind it for text, so that a single one ends the
//! reading of a sheet, in silence. Into the gradebook it imports an empty cell as no grade, and
//! whatever it imports there is final: who has no grade gets no row.

mod feedback;
mod gradebook;
mod people;
mod worksheet;

pub use feedback::{Addressee, addressees};

use super::{Filled, Filling, Sheet, SheetError};
use crate::book::Book;
use people::participant;

const SYSTEM: &str = "Moodle";

/// Fills grades into the worksheet or the export of the gradebook that Moodle offered.
pub fn fill(sheet: &str, book: &Book, filling: &Filling) -> Result<Filled, SheetError> {
    let sheet = Sheet::parse(sheet)?;
    let lessons = book.wanted(filling)?;
    let [lesson] = lessons.as_slice() else {
        return Err(SheetError::Column(
            "one assignment at a time; say for which lesson with --lesson".to_owned(),
        ));
    };
    let people = sheet.rows.len().saturating_sub(1);
    let participants = sheet.rows.iter().skip(1).filter(|row| participant(row).is_some()).count();
    // A first name may end in a number.
    if 2 * participants > people || people == 0 {
        return worksheet::fill(sheet, book, lesson, filling);
    }
    match gradebook::columns_of_people(&sheet).as_slice() {
        [] => Err(no_participants()),
        columns => gradebook::fill(sheet, columns, book, lesson, filling),
    }
}

fn no_participants() -> SheetError {
    let problem = "the first column holds no `Participant 123`".to_owned();
    SheetError::System { system: SYSTEM, problem }
}

/// Puts a blank behind each backslash that Moodle would take the quote behind it for text by.
fn guard(sheet: &mut Sheet, notices: &mut Vec<String>) {
    let headers = sheet.headers().to_vec();
    for row in sheet.rows.iter_mut().skip(1) {
        for (at, header) in headers.iter().enumerate() {
            let Some(cell) = row.get(at) else { continue };
            let guarded = guarded(cell);
            if guarded != *cell {
                notices.push(format!(
                    "{}, {header}: got a blank behind a backslash, for which Moodle would pass over the sheet",
                    row[0]
                ));
                row[at] = guarded;
            }
        }
    }
}

fn guarded(cell: &str) -> String {
    let mut guarded = String::with_capacity(cell.len());
    let mut odd = false;
    for letter in cell.chars() {
        if odd && letter == '"' {
            guarded.push(' ');
        }
        odd = letter == '\\' && !odd;
        guarded.push(letter);
    }
    if odd {
        guarded.push(' ');
    }
    guarded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_backslash_takes_a_quote_for_text() {
        for (cell, guarded_) in [
            ("C:\\work\\", "C:\\work\\ "),
            ("say \\\"hi\\\"", "say \\ \"hi\\ \""),
            ("\\\\\"", "\\\\\""),
            ("\\n \"x\"", "\\n \"x\""),
            ("=1+1", "=1+1"),
        ] {
            assert_eq!(guarded(cell), guarded_);
        }
    }
}
