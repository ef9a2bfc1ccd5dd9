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
mod people;

pub use feedback::{Addressee, addressees};

use super::{
    Filled, Filling, Identity, Sheet, SheetError, absent, cell, check_maximum, is_for, maximum,
    number,
};
use crate::book::{Book, BookLesson};
use people::{People, participant};

const SYSTEM: &str = "Moodle";

/// What the column for grades is called, in the languages that we know.
const GRADE: [&str; 16] = [
    "grade",
    "bewertung",
    "note",
    "calificación",
    "calificació",
    "nota",
    "valutazione",
    "beoordeling",
    "ocena",
    "оценка",
    "оцінка",
    "成绩",
    "成績",
    "評点",
    "评分",
    "hodnocení",
];

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
        return fill_worksheet(sheet, book, lesson, filling);
    }
    let columns = columns_of_people(&sheet);
    if columns.is_empty() {
        let problem = "the first column holds no `Participant 123`".to_owned();
        return Err(SheetError::System { system: SYSTEM, problem });
    }
    fill_gradebook(sheet, &columns, book, lesson, filling)
}

fn fill_worksheet(
    mut sheet: Sheet,
    book: &Book,
    lesson: &BookLesson,
    filling: &Filling,
) -> Result<Filled, SheetError> {
    let column = column(&sheet, filling)?;
    let people = People::of(&sheet);
    let feedback = sheet.column(&["feedback comments"]);
    let header = sheet.headers()[column].clone();
    let (mut seen, mut cells, mut notices) = (Vec::new(), 0, Vec::new());
    for row in sheet.rows.iter_mut().skip(1) {
        let Some(id) = participant(row) else { continue };
        let Some(index) = people.member(book, row, id) else {
            notices.push(format!("{} has no grade", people.told(row)));
            continue;
        };
        seen.push(index);
        let member = &book.members[index];
        let points = member.grades.get(&lesson.id).and_then(|taken| taken.grade.points);
        let Some(points) = points else { continue };
        let max_text = row.get(column + 1).cloned().unwrap_or_default();
        let max = maximum(&max_text);
        check_maximum(&header, lesson, max, filling.scale)?;
        let (points, notice) = cell(points, lesson, max, filling.scale);
        notices.extend(notice.map(|notice| format!("{}: {notice}", member.student)));
        let draft = row[..column].iter().find(|cell| cell.starts_with("Draft (not submitted)"));
        notices.extend(draft.map(|_| format!("{}: the sheet says draft, not submitted", row[0])));
        row[column] = number(points, &max_text);
        cells += 1;
    }
    notices.extend(absent(book, &seen, &[lesson]));
    let commented = |row: &&Vec<String>| {
        feedback.and_then(|at| row.get(at)).is_some_and(|cell| !cell.trim().is_empty())
    };
    let comments = sheet.rows.iter().skip(1).filter(commented).count();
    if comments > 0 {
        notices.push(format!(
            "feedback comments are in {comments} rows; Moodle takes them as plain text, in place of its own: without that column it keeps those"
        ));
    }
    guard(&mut sheet, &mut notices);
    Ok(Filled { text: sheet.render()?, cells, notices })
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

/// The columns by which a gradebook says whose a row is.
fn columns_of_people(sheet: &Sheet) -> Vec<usize> {
    let names: [&[&str]; 3] = [&["email address"], &["id number"], &["username"]];
    names.iter().filter_map(|names| sheet.column(names)).collect()
}

/// Fills one column of the gradebook, and keeps only rows with a grade.
fn fill_gradebook(
    mut sheet: Sheet,
    people: &[usize],
    book: &Book,
    lesson: &BookLesson,
    filling: &Filling,
) -> Result<Filled, SheetError> {
    let column = column_of_item(&sheet, lesson, filling)?;
    let header = sheet.headers()[column].clone();
    let max = header.ends_with("(Percentage)").then(|| maximum("100")).flatten();
    check_maximum(&header, lesson, max, filling.scale)?;
    let names = [sheet.column(&["first name"]), sheet.column(&["last name"])];
    let (mut seen, mut cells, mut notices) = (Vec::new(), 0, Vec::new());
    let mut rows = vec![sheet.headers().to_vec()];
    for mut row in sheet.rows.drain(1..) {
        let at = |column: usize| row.get(column).map_or("", String::as_str);
        let name = names.into_iter().flatten().map(at).collect::<Vec<_>>().join(" ");
        let words: Vec<&str> = people.iter().map(|&column| at(column)).collect();
        let found = book.find(&Identity { system_ids: &[], words: &words, name: &name });
        seen.extend(found);
        let points = found.and_then(|index| book.members[index].grades.get(&lesson.id));
        let Some(points) = points.and_then(|taken| taken.grade.points) else {
            notices.push(format!(
                "{name} has no grade, and no row: Moodle would delete what is there"
            ));
            continue;
        };
        let (points, notice) = cell(points, lesson, max, filling.scale);
        notices.extend(notice.map(|notice| format!("{name}: {notice}")));
        row.resize(row.len().max(column + 1), String::new());
        row[column] = number(points, &row[column]);
        cells += 1;
        rows.push(row);
    }
    sheet.rows = rows;
    notices.extend(absent(book, &seen, &[lesson]));
    guard(&mut sheet, &mut notices);
    Ok(Filled { text: sheet.render()?, cells, notices })
}

/// `Assignment: Locks (Real)`, by its whole title, by what stands between, or by the lesson.
fn column_of_item(
    sheet: &Sheet,
    lesson: &BookLesson,
    filling: &Filling,
) -> Result<usize, SheetError> {
    fn item(header: &str) -> Option<&str> {
        let (_, title) = header.strip_suffix(')')?.rsplit_once(" (")?.0.split_once(": ")?;
        Some(title)
    }
    let fits = |header: &&String| match (&filling.column, item(header)) {
        (Some(column), title) => *header == column || title == Some(column.as_str()),
        (None, title) => title.is_some_and(|title| is_for(title, lesson)),
    };
    let fitting: Vec<&String> = sheet.headers().iter().filter(fits).collect();
    let problem = match fitting.as_slice() {
        [one] if one.ends_with("(Letter)") => "it holds letters; export real numbers",
        [one] => {
            let index = sheet.headers().iter().position(|header| header == *one);
            return Ok(index.unwrap_or_default());
        }
        [] => "no column; say which with --column",
        _ => "several columns; say which with --column",
    };
    let items: Vec<_> = sheet
        .headers()
        .iter()
        .filter(|header| item(header).is_some())
        .map(String::as_str)
        .collect();
    Err(SheetError::Column(format!("{}: {problem}: {}", lesson.id, items.join("; "))))
}

fn column(sheet: &Sheet, filling: &Filling) -> Result<usize, SheetError> {
    let found = match &filling.column {
        Some(column) => sheet.headers().iter().position(|header| header == column),
        None => sheet.column(&GRADE),
    };
    found.ok_or_else(|| {
        let message = format!(
            "no column for grades; say which with --column: {}",
            sheet.headers().join("; ")
        );
        SheetError::Column(message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::specimen::book;

    const SHEET: &str = "\u{feff}Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum grade\",\"Grade can be changed\",\"Last modified (submission)\",\"Feedback comments\"
\"Participant 101\",\"Ada Lovelace\",ada@example.org,\"Submitted for grading\",,10.00,Yes,\"Friday, 2 October 2026\",
\"Participant 102\",\"Bao Nguyen\",bao@example.org,\"Submitted\",3.00,10.00,Yes,-,well
\"Participant 777\",\"Eve\",eve@example.org,\"No submission\",,10.00,Yes,-,
";

    fn filling(lesson: &str) -> Filling {
        Filling { lesson: Some(lesson.to_owned()), ..Filling::default() }
    }

    fn rows(text: &str) -> Vec<Vec<String>> {
        Sheet::parse(text).unwrap().rows
    }

    #[test]
    fn the_grade_alone_is_filled_in_and_what_is_not_known_is_left() {
        let filled = fill(SHEET, &book(), &filling("lock")).unwrap();
        assert!(filled.text.starts_with('\u{feff}'));
        let expected = rows(&SHEET.replace("for grading\",,10.00", "for grading\",9,10.00"));
        assert_eq!(rows(&filled.text), expected);
        assert_eq!(filled.notices[0], "Participant 777 (Eve) is in the sheet and has no grade");
        assert!(filled.notices[1].starts_with("feedback comments are in 1 rows"));
        assert_eq!(filled.notices.len(), 2);
    }

    #[test]
    fn a_german_sheet_gets_german_numbers() {
        let sheet = SHEET
            .replace("Identifier", "ID")
            .replace(",Grade,", ",Bewertung,")
            .replace("Full name", "Vollständiger Name")
            .replace("Participant", "Teilnehmer/in")
            .replace("10.00", "\"12,50\"");
        let filled = fill(&sheet, &book(), &filling("pool-map")).unwrap();
        assert_eq!(rows(&filled.text)[1][4], "12,5");
        assert_eq!(rows(&filled.text)[2][4], "3,25");
    }

    #[test]
    fn what_moodle_would_skip_in_silence_is_said() {
        let sheet = SHEET.replace("10.00", "8.00");
        assert!(
            fill(&sheet, &book(), &filling("lock")).unwrap_err().to_string().contains("worth 8")
        );
        let mut extra = book();
        let lesson = extra.lessons[0].id.clone();
        extra.members[0].grades.get_mut(&lesson).unwrap().grade.points =
            Some("11".parse().unwrap());
        let filled = fill(SHEET, &extra, &filling("lock")).unwrap();
        assert_eq!(rows(&filled.text)[1][4], "10");
        assert_eq!(
            filled.notices[0],
            "ada: 11 is more than the 10 that the sheet allows; 10 is filled in"
        );
    }

    #[test]
    fn a_number_that_is_a_groups_is_nobodys() {
        let mut book = book();
        book.members[0].email = None;
        book.members[1].email = None;
        let sheet = SHEET.replace("Participant 101\",\"Ada Lovelace", "Participant 101\",\"Fay Po");
        let filled = fill(&sheet, &book, &filling("lock")).unwrap();
        assert_eq!(rows(&filled.text)[1][4], "");
        for name in ["Lovelace, Ada", "ADA O'Lovelace", "AdaLove Lace"] {
            let sheet = SHEET.replace("Ada Lovelace", name);
            let filled = fill(&sheet, &book, &filling("lock")).unwrap();
            assert_eq!(rows(&filled.text)[1][4], "9", "{name}");
        }
        for blind in ["Participant 101", "Participant"] {
            book.members[0].name = Some(blind.to_owned());
            let filled = fill(SHEET, &book, &filling("lock")).unwrap();
            assert_eq!(rows(&filled.text)[1][4], "9", "{blind}");
        }
        book.members[0].name = Some("Team 101".to_owned());
        assert_eq!(rows(&fill(SHEET, &book, &filling("lock")).unwrap().text)[1][4], "");
        let sheet =
            "Identifier,Status,Grade,\"Maximum grade\"\n\"Participant 101\",Submitted,,10.00\n";
        assert_eq!(rows(&fill(sheet, &book, &filling("lock")).unwrap().text)[1][2], "9");
    }

    #[test]
    fn a_team_without_known_members_is_found_by_its_name() {
        let mut book = book();
        let ada = &mut book.members[0];
        (ada.student, ada.name) = ("Red amp; Blue".to_owned(), Some("Red amp; Blue".to_owned()));
        (ada.email, ada.id) = (None, None);
        let sheet = "\u{feff}Identifier,\"Full name\",\"Email address\",Status,Group,Grade,\"Maximum grade\"
\"Participant 42\",\"Fay Po\",fay@example.org,\"Submitted\",\"Red & Blue\",,10.00
\"Participant 101\",\"Gil Wu\",gil@example.org,\"Submitted\",\"Grün_Team 2\",,10.00
";
        let filled = fill(sheet, &book, &filling("lock")).unwrap();
        let cells: Vec<_> = rows(&filled.text).into_iter().map(|row| row[5].clone()).collect();
        assert_eq!(cells, ["Grade", "9", ""]);
    }

    #[test]
    fn what_moodle_would_read_wrong_is_mended_and_said() {
        for (cell, guarded_) in [
            ("C:\\work\\", "C:\\work\\ "),
            ("say \\\"hi\\\"", "say \\ \"hi\\ \""),
            ("\\\\\"", "\\\\\""),
            ("\\n \"x\"", "\\n \"x\""),
            ("=1+1", "=1+1"),
        ] {
            assert_eq!(guarded(cell), guarded_);
        }
        let sheet = SHEET.replace("-,well", "-,\"C:\\work, x\\\"");
        let sheet = sheet.replace("Submitted for grading", "Draft (not submitted) - ");
        let filled = fill(&sheet, &book(), &filling("lock")).unwrap();
        assert_eq!(rows(&filled.text)[2][8], "C:\\work, x\\ ");
        let said = filled.notices.join("\n");
        assert!(said.contains("Participant 101: the sheet says draft"), "{said}");
        assert!(said.contains("feedback comments are in 1 rows"), "{said}");
        assert!(said.contains("Participant 102, Feedback comments: got a blank"), "{said}");
    }

    const GRADEBOOK: &str = "\"First name\",\"Last name\",\"ID number\",\"Email address\",\"Assignment: Locks (Real)\",\"Assignment: Week 2 (Real)\",\"Course total (Real)\",\"Last downloaded from this course\"
Ada,Lovelace,s1,ada@x.org,-,-,-,1795795607
Bao,Nguyen,s2,bao@example.org,7.00,-,-,1795795607
Louis 14,Eve,,eve@example.org,3.00,-,-,1795795607
";

    #[test]
    fn a_gradebook_gets_rows_for_those_with_a_grade_alone() {
        let filled = fill(GRADEBOOK, &book(), &filling("lock")).unwrap();
        let own = rows(&filled.text);
        assert_eq!(own[0], rows(GRADEBOOK)[0]);
        assert_eq!(own[1][4..], ["9", "-", "-", "1795795607"]);
        assert_eq!((own.len(), filled.cells), (2, 1));
        assert!(filled.notices[0].starts_with("Bao Nguyen has no grade, and no row"));
        let error = fill(GRADEBOOK, &book(), &filling("pool-map")).unwrap_err().to_string();
        assert!(
            error.contains("--column: Assignment: Locks (Real); Assignment: Week 2"),
            "{error}"
        );
        let named = Filling { column: Some("Week 2".to_owned()), ..filling("pool-map") };
        assert_eq!(rows(&fill(GRADEBOOK, &book(), &named).unwrap().text)[2][5], "3.25");
        let percent = GRADEBOOK.replace("Locks (Real)", "Locks (Percentage)");
        let error = fill(&percent, &book(), &filling("lock")).unwrap_err().to_string();
        assert!(error.contains("worth 100"), "{error}");
    }

    #[test]
    fn a_header_that_we_do_not_know_is_asked_for() {
        let sheet = SHEET.replace(",Grade,", ",Arvosana,");
        let error = fill(&sheet, &book(), &filling("lock")).unwrap_err().to_string();
        assert!(error.contains("--column") && error.contains("Arvosana"), "{error}");
        let named = Filling { column: Some("Arvosana".to_owned()), ..filling("lock") };
        assert_eq!(fill(&sheet, &book(), &named).unwrap().cells, 1);
        assert!(
            fill("a,Grade\nb,c\n", &book(), &filling("lock"))
                .unwrap_err()
                .to_string()
                .contains("Participant")
        );
    }
}
