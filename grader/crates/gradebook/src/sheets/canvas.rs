//! Canvas: `Student` (or `LastName, FirstName`) `, ID, [SIS User ID,] SIS Login ID, Section, <Title (id)>...`, then a row
//! `    Points Possible`.
//!
//! A column that matches no assignment would become a new one, so titles keep their `(id)`.

use super::{
    Filled, Filling, Identity, Names, Sheet, SheetError, absent, cell, check_maximum, is_for,
    maximum, number,
};
use crate::book::{Book, BookLesson};

const SYSTEM: &str = "Canvas";

/// Fills grades into the sheet that Canvas exported.
pub fn fill(sheet: &str, book: &Book, filling: &Filling) -> Result<Filled, SheetError> {
    let mut sheet = Sheet::parse(sheet)?;
    let missing = |what: &str| SheetError::System {
        system: SYSTEM,
        problem: format!("it has no column `{what}`"),
    };
    let id = sheet.column(&["id"]).ok_or_else(|| missing("ID"))?;
    let login = sheet.column(&["sis login id"]).ok_or_else(|| missing("SIS Login ID"))?;
    let sis = sheet.column(&["sis user id"]);
    let last_and_first = sheet.column(&["lastname"]).zip(sheet.column(&["firstname"]));
    let lessons = book.wanted(filling)?;
    let columns = columns(&sheet, &lessons, filling)?;
    let mut notices = Vec::new();
    let (mut seen, mut cells) = (Vec::new(), 0);
    let possible = sheet.rows.iter().skip(1).take_while(|row| at(row, id).trim().is_empty());
    let possible: Vec<Vec<String>> = possible.cloned().collect();
    let mut wanted = Vec::new();
    for (lesson, column) in columns {
        let texts = possible.iter().map(|row| at(row, column));
        if let Some(why) = passed_over(&sheet.headers()[column], texts.clone()) {
            return Err(SheetError::Column(why));
        }
        let (max, like) = texts.filter_map(|text| Some((maximum(text)?, text))).next().unzip();
        check_maximum(&sheet.headers()[column], lesson, max, filling.scale)?;
        wanted.push((lesson, column, max, like.unwrap_or_default()));
    }
    let name = |row: &[String]| match last_and_first {
        Some((last, first)) => format!("{} {}", at(row, first), at(row, last)),
        None => at(row, 0).to_owned(),
    };
    let names = Names::of(sheet.rows.iter().skip(1).map(|row| name(row)));
    for row in sheet.rows.iter_mut().skip(1).filter(|row| !at(row, id).trim().is_empty()) {
        let words: Vec<&str> =
            [Some(login), sis].into_iter().flatten().map(|column| at(row, column)).collect();
        let name = name(row);
        let identity =
            Identity { system_ids: &[at(row, id)], words: &words, name: names.only(&name) };
        let Some(index) = book.find(&identity) else {
            notices.push(format!("{name} is in the sheet and has no grade"));
            continue;
        };
        seen.push(index);
        let member = &book.members[index];
        for (lesson, column, max, like) in &wanted {
            let points = member.grades.get(&lesson.id).and_then(|taken| taken.grade.points);
            let Some(points) = points else { continue };
            if let Some(why) = kept(at(row, *column)) {
                notices.push(format!("{}, {}: {why}", member.student, lesson.id));
                continue;
            }
            let (points, notice) = cell(points, lesson, *max, filling.scale);
            notices.extend(
                notice.map(|notice| format!("{}, {}: {notice}", member.student, lesson.id)),
            );
            if row.len() <= *column {
                row.resize(column + 1, String::new());
            }
            row[*column] = number(points, like);
            cells += 1;
        }
    }
    notices.extend(absent(book, &seen, &lessons));
    Ok(Filled { text: sheet.render()?, cells, notices })
}

/// What stands in the titles of the columns that Canvas computes.
const COMPUTED: [&str; 9] = [
    "Current Score",
    "Current Points",
    "Current Grade",
    "Final Score",
    "Final Points",
    "Final Grade",
    "Override Score",
    "Override Grade",
    "Override Status",
];

/// Why Canvas would not read a column, which it does not say itself. `possible` are the column's
/// cells above the students'.
fn passed_over<'a>(header: &str, mut possible: impl Iterator<Item = &'a str>) -> Option<String> {
    if possible.any(|cell| cell.contains("read only")) {
        return Some(format!("`{header}` is read only in this sheet: Canvas would pass over it"));
    }
    COMPUTED.into_iter().find(|words| header.contains(words)).map(|words| {
        format!(
            "Canvas passes over `{header}`, since it computes every column with `{words}` in its title; call the assignment something else"
        )
    })
}

/// Why a cell keeps what it says.
fn kept(cell: &str) -> Option<&'static str> {
    match cell.trim().to_uppercase().as_str() {
        "EX" => Some("the sheet excuses them (EX), and that stays"),
        "N/A" => Some("the sheet says that it is not assigned to them (N/A), and that stays"),
        _ => None,
    }
}

fn at(row: &[String], column: usize) -> &str {
    row.get(column).map_or("", String::as_str)
}

/// The column of each lesson.
fn columns<'b>(
    sheet: &Sheet,
    lessons: &[&'b BookLesson],
    filling: &Filling,
) -> Result<Vec<(&'b BookLesson, usize)>, SheetError> {
    let titled: Vec<(usize, &str, &str)> = sheet
        .headers()
        .iter()
        .enumerate()
        .filter_map(|(index, header)| Some((index, header.as_str(), title(header)?)))
        .collect();
    let mut found = Vec::new();
    for &lesson in lessons {
        let fits = |(_, header, title): &&(usize, &str, &str)| match &filling.column {
            Some(column) => *header == column || *title == column,
            None => is_for(title, lesson),
        };
        let fitting: Vec<_> = titled.iter().filter(fits).collect();
        match fitting.as_slice() {
            [(index, ..)] => found.push((lesson, *index)),
            [] if filling.lesson.is_none() => {}
            _ => {
                let titles: Vec<_> = titled.iter().map(|(_, header, _)| *header).collect();
                let which = if fitting.is_empty() { "no column" } else { "several columns" };
                let message = format!(
                    "{which} for {}; say which with --column: {}",
                    lesson.id,
                    titles.join("; ")
                );
                return Err(SheetError::Column(message));
            }
        }
    }
    if found.is_empty() {
        let titles: Vec<_> = titled.iter().map(|(_, header, _)| *header).collect();
        let message = format!(
            "no column is called as a lesson; give --lesson and --column, one of: {}",
            titles.join("; ")
        );
        return Err(SheetError::Column(message));
    }
    Ok(found)
}

/// `Locks` of `Locks (1234)`.
fn title(header: &str) -> Option<&str> {
    let (title, id) = header.strip_suffix(')')?.rsplit_once(" (")?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::super::Scale;
    use super::*;
    use crate::book::specimen::book;

    const SHEET: &str = "\u{feff}Student,ID,SIS User ID,SIS Login ID,Section,Locks (77),A parallel map (78),Quiz (79),Final Score
    Points Possible,,,,,10,25,5,(read only)
\"Lovelace, Ada\",9001,s1,ada@x.org,A,,1,4,88
\"Nguyen, Bao\",102,,bao,A,3,,,
\"Student, Test\",9999,,test,A,,,,
";

    fn filling(lesson: &str) -> Filling {
        Filling { lesson: Some(lesson.to_owned()), ..Filling::default() }
    }

    #[test]
    fn cells_are_filled_in_place_and_everything_else_stays() {
        let filled = fill(SHEET, &book(), &filling("lock")).unwrap();
        assert_eq!(filled.text, SHEET.replace("ada@x.org,A,,1", "ada@x.org,A,9,1"));
        assert_eq!(filled.cells, 1);
        assert_eq!(filled.notices, ["Student, Test is in the sheet and has no grade"]);
    }

    #[test]
    fn a_name_that_two_have_says_nothing() {
        let sheet = SHEET.replace("9001,s1,ada@x.org", "9001,,al7");
        assert_eq!(fill(&sheet, &book(), &filling("lock")).unwrap().cells, 1);
        let namesake = "\"Lovelace, Ada\",9002,,al8,A,,1,4,88\n";
        let filled = fill(&format!("{sheet}{namesake}"), &book(), &filling("lock")).unwrap();
        assert_eq!(filled.cells, 0);
        assert_eq!(filled.notices[0], "Lovelace, Ada is in the sheet and has no grade");
    }

    #[test]
    fn a_maximum_that_differs_is_refused_or_scaled() {
        let error = fill(SHEET, &book(), &filling("pool-map")).unwrap_err().to_string();
        assert!(
            error.contains("worth 25 and pool-map is worth 12.5") && error.contains("--scale"),
            "{error}"
        );
        let scaled = Filling { scale: Scale::Proportional, ..filling("pool-map") };
        let filled = fill(SHEET, &book(), &scaled).unwrap();
        assert!(
            filled.text.contains("ada@x.org,A,,25,4") && filled.text.contains("bao,A,3,6.5,"),
            "{}",
            filled.text
        );
    }

    #[test]
    fn a_column_that_cannot_be_told_is_asked_for() {
        let sheet = SHEET.replace("Locks (77)", "Homework 1 (77)");
        let error = fill(&sheet, &book(), &filling("lock")).unwrap_err().to_string();
        assert!(error.contains("--column") && error.contains("Homework 1 (77)"), "{error}");
        let named = Filling { column: Some("Homework 1".to_owned()), ..filling("lock") };
        assert_eq!(fill(&sheet, &book(), &named).unwrap().cells, 1);
    }

    #[test]
    fn who_is_excused_or_not_meant_stays_so() {
        let sheet = SHEET.replace("ada@x.org,A,,1", "ada@x.org,A,EX,N/A");
        let scaled = Filling { scale: Scale::Proportional, ..Filling::default() };
        let filled = fill(&sheet, &book(), &scaled).unwrap();
        assert!(filled.text.contains("ada@x.org,A,EX,N/A"), "{}", filled.text);
        assert!(filled.notices[0].starts_with("ada, lock: the sheet excuses"));
        assert!(filled.notices[1].contains("not assigned"), "{:?}", filled.notices);
    }

    #[test]
    fn what_canvas_would_pass_over_is_refused() {
        let sheet = SHEET.replace(",,,,,10,25", ",,,,,(read only),25");
        let error = fill(&sheet, &book(), &filling("lock")).unwrap_err().to_string();
        assert!(error.contains("`Locks (77)` is read only"), "{error}");
        let sheet = SHEET.replace("Locks (77)", "Locks: Final Points (77)");
        let column = Some("Locks: Final Points".to_owned());
        let error = fill(&sheet, &book(), &Filling { column, ..filling("lock") }).unwrap_err();
        assert!(error.to_string().contains("something else"), "{error}");
    }

    #[test]
    fn sheets_of_other_settings_are_read_and_written_as_they_are() {
        let sheet = "LastName;FirstName;ID;SIS Login ID;Section;Locks (77);A parallel map (78)
;;;;;Manual Posting;
    Points Possible;;;;;10,00;12,50
Lovelace;Ada;1;x1;A;;
Nguyen;Bao;102;bao;A;;
";
        let filled = fill(sheet, &book(), &Filling::default()).unwrap();
        let expected = sheet.replace("x1;A;;", "x1;A;9;12,5").replace("bao;A;;", "bao;A;;3,25");
        assert_eq!(filled.text, expected);
    }

    #[test]
    fn another_systems_sheet_is_refused() {
        let error = fill("a,b\n1,2\n", &book(), &Filling::default()).unwrap_err().to_string();
        assert!(error.contains("no sheet of Canvas"), "{error}");
    }
}
