//! Moodle's offline grading worksheet: `Identifier, "Full name", ..., Grade, "Maximum grade", ...`
//! with a byte order mark, of one assignment.
//!
//! Headers are in the site's language, and grades out of range are skipped in silence. The
//! identifier always comes first and ends in the participant's number, and the maximum stands
//! right behind the grade, in the number format of the site.

use super::{
    Filled, Filling, Identity, Sheet, SheetError, absent, cell, check_maximum, maximum, number,
};
use crate::book::Book;

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

const NAME: [&str; 9] = [
    "full name",
    "vollständiger name",
    "nom complet",
    "nombre completo",
    "nome completo",
    "volledige naam",
    "полное имя",
    "全名",
    "姓名",
];

/// Fills grades into the worksheet that Moodle offered.
pub fn fill(sheet: &str, book: &Book, filling: &Filling) -> Result<Filled, SheetError> {
    let mut sheet = Sheet::parse(sheet)?;
    let lessons = book.wanted(filling)?;
    let [lesson] = lessons.as_slice() else {
        return Err(SheetError::Column(
            "a worksheet is for one assignment; say for which lesson with --lesson".to_owned(),
        ));
    };
    let column = column(&sheet, filling)?;
    let name = sheet.column(&NAME).unwrap_or(1);
    let participants = sheet.rows.iter().skip(1).filter(|row| participant(row).is_some()).count();
    if participants == 0 && sheet.rows.len() > 1 {
        let problem = "the first column holds no `Participant 123`".to_owned();
        return Err(SheetError::System { system: SYSTEM, problem });
    }
    let header = sheet.headers()[column].clone();
    let (mut seen, mut cells, mut notices) = (Vec::new(), 0, Vec::new());
    for row in sheet.rows.iter_mut().skip(1) {
        let Some(id) = participant(row) else { continue };
        let full_name = row.get(name).map_or("", String::as_str);
        let others: Vec<&str> = row
            .iter()
            .skip(1)
            .take(3)
            .map(String::as_str)
            .filter(|cell| cell.contains('@'))
            .collect();
        let identity = Identity { system_ids: &[id], words: &others, name: full_name };
        let Some(index) = book.find(&identity) else {
            notices.push(format!("{} ({full_name}) is in the sheet and has no grade", row[0]));
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
        row[column] = number(points, &max_text);
        cells += 1;
    }
    notices.extend(absent(book, &seen, &lessons));
    Ok(Filled { text: sheet.render()?, cells, notices })
}

/// The digits at the end of the identifier.
fn participant(row: &[String]) -> Option<&str> {
    let identifier = row.first()?;
    let start = identifier.rfind(|c: char| !c.is_ascii_digit())?;
    let (word, number) =
        identifier.split_at(start + identifier[start..].chars().next()?.len_utf8());
    (!number.is_empty() && !word.trim().is_empty()).then_some(number)
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
        assert_eq!(filled.notices, ["Participant 777 (Eve) is in the sheet and has no grade"]);
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
