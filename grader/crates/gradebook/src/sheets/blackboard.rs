//! Blackboard: `"Last Name","First Name","Username","Student ID","<Item> [Total Pts: N Score] |<id>"`,
//! with a byte order mark, every cell in quotes.

use course::Points;

use super::{
    Filled, Filling, Identity, Names, Sheet, SheetError, absent, cell, check_maximum, is_for,
    maximum,
};
use crate::book::{Book, BookLesson};

const SYSTEM: &str = "Blackboard";

/// Fills grades into the sheet that Blackboard let download.
pub fn fill(sheet: &str, book: &Book, filling: &Filling) -> Result<Filled, SheetError> {
    let mut sheet = Sheet::parse(sheet)?;
    let missing = |what: &str| SheetError::System {
        system: SYSTEM,
        problem: format!("it has no column `{what}`"),
    };
    let user = sheet.column(&["username"]).ok_or_else(|| missing("Username"))?;
    let first = sheet.column(&["first name"]).ok_or_else(|| missing("First Name"))?;
    let last = sheet.column(&["last name"]).ok_or_else(|| missing("Last Name"))?;
    let number = sheet.column(&["student id"]);
    let items: Vec<Item> = sheet.headers().iter().enumerate().filter_map(item).collect();
    let lessons = book.wanted(filling)?;
    let mut wanted = Vec::new();
    for &lesson in &lessons {
        if let Some(item) = choose(&items, lesson, filling)? {
            check_maximum(&item.title, lesson, item.max, filling.scale)?;
            wanted.push((lesson, item));
        }
    }
    if wanted.is_empty() {
        return Err(unclear("no column is called as a lesson; give --lesson and --column", &items));
    }
    let (mut seen, mut cells, mut notices) = (Vec::new(), 0, Vec::new());
    let name = |row: &[String]| {
        [first, last].map(|column| row.get(column).map_or("", String::as_str)).join(" ")
    };
    let names = Names::of(sheet.rows.iter().skip(1).map(|row| name(row)));
    for row in sheet.rows.iter_mut().skip(1) {
        let at = |column: usize| row.get(column).map_or("", String::as_str);
        let name = name(row);
        let words = [at(user), number.map_or("", at)];
        let identity = Identity { system_ids: &[at(user)], words: &words, name: names.only(&name) };
        let Some(index) = book.find(&identity) else {
            notices.push(format!("{name} is in the sheet and has no grade"));
            continue;
        };
        seen.push(index);
        let member = &book.members[index];
        for (lesson, item) in &wanted {
            let points = member.grades.get(&lesson.id).and_then(|taken| taken.grade.points);
            let Some(points) = points else { continue };
            let (points, notice) = cell(points, lesson, item.max, filling.scale);
            notices.extend(
                notice.map(|notice| format!("{}, {}: {notice}", member.student, lesson.id)),
            );
            if row.len() <= item.column {
                row.resize(item.column + 1, String::new());
            }
            row[item.column] = points.to_string();
            cells += 1;
        }
    }
    notices.extend(absent(book, &seen, &lessons));
    Ok(Filled { text: sheet.render()?, cells, notices })
}

/// A column for grades.
struct Item {
    column: usize,
    title: String,
    max: Option<Points>,
}

/// `Locks` worth 10 of `Locks [Total Pts: 10 Score] |4711`, and worth 100 where the column holds
/// percentages.
fn item((column, header): (usize, &String)) -> Option<Item> {
    let (front, _) = header.rsplit_once('|')?;
    let (title, bracket) = front.rsplit_once('[')?;
    let mut words = bracket.trim().trim_end_matches(']').split_whitespace();
    let max = match bracket.contains("Percentage") {
        true => maximum("100"),
        false => words.find_map(maximum),
    };
    Some(Item { column, title: title.trim().to_owned(), max })
}

fn choose<'i>(
    items: &'i [Item],
    lesson: &BookLesson,
    filling: &Filling,
) -> Result<Option<&'i Item>, SheetError> {
    let fits = |item: &&Item| match &filling.column {
        Some(column) => item.title == *column,
        None => is_for(&item.title, lesson),
    };
    let fitting: Vec<_> = items.iter().filter(fits).collect();
    match fitting.as_slice() {
        [one] => Ok(Some(one)),
        [] if filling.lesson.is_none() => Ok(None),
        [] => Err(unclear(&format!("no column for {}; say which with --column", lesson.id), items)),
        _ => Err(unclear(&format!("several columns for {}; rename one", lesson.id), items)),
    }
}

fn unclear(what: &str, items: &[Item]) -> SheetError {
    let titles: Vec<_> = items.iter().map(|item| item.title.as_str()).collect();
    SheetError::Column(format!("{what}: {}", titles.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::specimen::book;

    const SHEET: &str = "\u{feff}\"Last Name\",\"First Name\",\"Username\",\"Student ID\",\"Locks [Total Pts: 10 Score] |4711\",\"Essay [Total Pts: 5 Score] |4712\"\r
\"Lovelace\",\"Ada\",\"ada\",\"s1\",\"\",\"4\"\r
\"Nobody\",\"\",\"x\",\"\",\"\",\"\"\r
";

    #[test]
    fn cells_are_filled_in_and_quotes_and_line_ends_stay() {
        let filled = fill(SHEET, &book(), &Filling::default()).unwrap();
        assert_eq!(filled.text, SHEET.replace("\"s1\",\"\"", "\"s1\",\"9\""));
        assert_eq!(
            filled.notices,
            [" Nobody is in the sheet and has no grade", "bao has a grade and is not in the sheet",]
        );
    }

    #[test]
    fn a_name_that_two_have_says_nothing() {
        let sheet = SHEET.replace("\"ada\",\"s1\"", "\"al7\",\"\"");
        assert_eq!(fill(&sheet, &book(), &Filling::default()).unwrap().cells, 1);
        let namesake = "\"Lovelace\",\"Ada\",\"al8\",\"\",\"\",\"\"\r\n";
        let filled = fill(&format!("{sheet}{namesake}"), &book(), &Filling::default()).unwrap();
        assert_eq!(filled.cells, 0);
        assert!(filled.notices[0].starts_with("Ada Lovelace is in the sheet and has no grade"));
    }

    #[test]
    fn another_maximum_or_column_is_said() {
        let sheet = SHEET.replace("Pts: 10", "Pts: 20");
        assert!(
            fill(&sheet, &book(), &Filling::default())
                .unwrap_err()
                .to_string()
                .contains("worth 20")
        );
        let sheet = SHEET.replace("10 Score", "10 Percentage");
        let error = fill(&sheet, &book(), &Filling::default()).unwrap_err().to_string();
        assert!(error.contains("worth 100"), "{error}");
        let scaled = Filling { scale: super::super::Scale::Proportional, ..Filling::default() };
        assert!(fill(&sheet, &book(), &scaled).unwrap().text.contains("\"s1\",\"90\""));
        let sheet = SHEET.replace("Locks", "Lab");
        let error = fill(&sheet, &book(), &Filling::default()).unwrap_err().to_string();
        assert!(error.contains("Lab; Essay"), "{error}");
    }
}
