//! The export of the gradebook of a course.

use super::super::{
    Filled, Filling, Identity, Names, Scale, Sheet, SheetError, absent, cell, check_maximum,
    is_for, maximum, number,
};
use super::guard;
use super::people::called;
use crate::book::{Book, BookLesson};

/// The columns by which a gradebook says whose a row is.
pub(super) fn columns_of_people(sheet: &Sheet) -> Vec<usize> {
    let names: [&[&str]; 3] = [&["email address"], &["id number"], &["username"]];
    names.iter().filter_map(|names| sheet.column(names)).collect()
}

/// Fills one column of the gradebook, and keeps only rows with a grade.
pub(super) fn fill(
    mut sheet: Sheet,
    people: &[usize],
    book: &Book,
    lesson: &BookLesson,
    filling: &Filling,
) -> Result<Filled, SheetError> {
    let column = column_of_item(&sheet, lesson, filling)?;
    let header = sheet.headers()[column].clone();
    let max = header.ends_with("(Percentage)").then(|| maximum("100")).flatten();
    if max.is_none() && filling.scale == Scale::Proportional {
        return Err(SheetError::Column(format!(
            "{header}: Moodle does not say here what it is worth, so there is no share to fill in; export the gradebook with percentages"
        )));
    }
    check_maximum(&header, lesson, max, filling.scale)?;
    let (mut seen, mut cells, mut notices) = (Vec::new(), 0, Vec::new());
    let mut highest = None;
    let mut rows = vec![sheet.headers().to_vec()];
    let columns = [sheet.column(&["first name"]), sheet.column(&["last name"])];
    let name = |row: &[String]| {
        let at = |column: usize| row.get(column).map_or("", String::as_str);
        columns.into_iter().flatten().map(at).collect::<Vec<_>>().join(" ")
    };
    let names = Names::of(sheet.rows.iter().skip(1).map(|row| name(row)));
    for mut row in sheet.rows.drain(1..) {
        let at = |column: usize| row.get(column).map_or("", String::as_str);
        let name = name(&row);
        let only = names.only(&name);
        let words: Vec<&str> = people.iter().map(|&column| at(column)).collect();
        let found = book.find(&Identity { system_ids: &[], words: &words, name: only });
        // Moodle takes marks off names; whoever has the whole name in the sheet is another.
        let whole = |&at: &usize| book.members[at].name.as_ref().is_some_and(|own| names.has(own));
        let found = found.or_else(|| called(book, &[only]).filter(|at| !whole(at)));
        seen.extend(found);
        let points = found.and_then(|index| book.members[index].grades.get(&lesson.id));
        let Some(points) = points.and_then(|taken| taken.grade.points) else {
            let problem = if found.is_some() { "has no grade" } else { "is nobody with a grade" };
            notices
                .push(format!("{name} {problem}, and no row: Moodle would delete what is there"));
            continue;
        };
        highest = highest.max(maximum(at(column)));
        let (points, notice) = cell(points, lesson, max, filling.scale);
        notices.extend(notice.map(|notice| format!("{name}: {notice}")));
        row.resize(row.len().max(column + 1), String::new());
        row[column] = number(points, &row[column]);
        cells += 1;
        rows.push(row);
    }
    if let (None, Some(highest)) = (max, highest.filter(|highest| *highest > lesson.max)) {
        notices.push(format!(
            "{header} has grades up to {highest}, and {} is worth {}: if the assignment is worth more, export the gradebook with percentages and use --scale",
            lesson.id, lesson.max
        ));
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

#[cfg(test)]
mod tests {
    use super::super::fill;
    use super::*;
    use crate::book::specimen::book;

    fn filling(lesson: &str) -> Filling {
        Filling { lesson: Some(lesson.to_owned()), ..Filling::default() }
    }

    fn rows(text: &str) -> Vec<Vec<String>> {
        Sheet::parse(text).unwrap().rows
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
    fn nobody_is_missed_for_a_mark_that_moodle_takes_off_names() {
        let mut book = book();
        book.members[0].email = None;
        book.members[0].id = None;
        let sheet = GRADEBOOK.replace("Ada,Lovelace,s1,ada@x.org", "Ada,O'Love-lace,s1,ada@x.org");
        book.members[0].name = Some("Ada OLovelace".to_owned());
        let filled = fill(&sheet, &book, &filling("lock")).unwrap();
        assert_eq!(rows(&filled.text)[1][4], "9");
        let namesakes = format!("{sheet}Ada,OLovelace,s8,x@x.org,-,-,-,1795795607\n");
        let filled = fill(&namesakes, &book, &filling("lock")).unwrap();
        assert_eq!(rows(&filled.text)[1][3..5], ["x@x.org", "9"]);
        let namesakes = format!("{namesakes}Ada,OLovelace,s9,y@x.org,-,-,-,1795795607\n");
        assert_eq!(fill(&namesakes, &book, &filling("lock")).unwrap().cells, 0);
        let strangers = GRADEBOOK.replace("Bao,Nguyen,s2,bao@example.org", "Fay,Po,s9,fay@x.org");
        let filled = fill(&strangers, &book, &filling("lock")).unwrap();
        assert!(
            filled.notices.iter().any(|said| said.starts_with("Fay Po is nobody with a grade"))
        );
    }

    #[test]
    fn a_share_of_what_is_not_known_is_refused_and_what_is_worth_more_is_said() {
        let scaled = Filling { scale: Scale::Proportional, ..filling("lock") };
        let error = fill(GRADEBOOK, &book(), &scaled).unwrap_err().to_string();
        assert!(error.contains("with percentages"), "{error}");
        let percent = GRADEBOOK.replace("Locks (Real)", "Locks (Percentage)");
        assert_eq!(rows(&fill(&percent, &book(), &scaled).unwrap().text)[1][4], "90");
        let more = GRADEBOOK.replace("ada@x.org,-", "ada@x.org,100.00");
        let said = fill(&more, &book(), &filling("lock")).unwrap().notices.join("\n");
        assert!(said.contains("has grades up to 100, and lock is worth 10"), "{said}");
    }
}
