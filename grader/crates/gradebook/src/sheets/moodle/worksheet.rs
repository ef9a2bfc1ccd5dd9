//! The offline worksheet of one assignment.

use super::super::{
    Filled, Filling, Sheet, SheetError, absent, cell, check_maximum, maximum, number,
};
use super::people::{People, participant};
use super::{SYSTEM, guard};
use crate::book::{Book, BookLesson};

/// How the status of an attempt begins that nobody has handed in yet, after one that was graded.
const REOPENED: &str = "Reopened";

/// How the status of work begins that may still change.
const DRAFT: &str = "Draft (not submitted)";

/// What differs in the sheet of a site in another language.
const FOREIGN: &str = "this sheet is not in English: Moodle cannot read its dates, and so passes over every row that has a grade or feedback, unless it is told to update records that were modified more recently; nor is it seen here which attempts are drafts or reopened";

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

/// Fills in the column for grades.
pub(super) fn fill(
    mut sheet: Sheet,
    book: &Book,
    lesson: &BookLesson,
    filling: &Filling,
) -> Result<Filled, SheetError> {
    let column = column(&sheet, filling)?;
    let people = People::of(&sheet);
    let feedback = sheet.column(&["feedback comments"]);
    let fixed = sheet.column(&["grade can be changed"]);
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
        if fixed.and_then(|at| row.get(at)).is_some_and(|cell| cell == "No") {
            notices.push(format!(
                "{}: the sheet says that the grade cannot be changed, so Moodle will pass it over",
                row[0]
            ));
        }
        let says = |status: &str| row[..column].iter().any(|cell| cell.starts_with(status));
        if says(REOPENED) {
            notices.push(format!(
                "{}: the sheet says reopened, so the grade is of an earlier attempt and is not filled in: Moodle would take it for that of the new one",
                row[0]
            ));
            continue;
        }
        let is_draft = says(DRAFT);
        let max_text = row.get(column + 1).cloned().unwrap_or_default();
        let Some(max) = maximum(&max_text) else {
            return Err(not_in_points(&sheet, column, &max_text));
        };
        check_maximum(&header, lesson, Some(max), filling.scale)?;
        let (points, notice) = cell(points, lesson, Some(max), filling.scale);
        notices.extend(notice.map(|notice| format!("{}: {notice}", member.student)));
        if is_draft {
            notices.push(format!("{}: the sheet says draft, not submitted", row[0]));
        }
        row[column] = number(points, &max_text);
        cells += 1;
    }
    notices.extend(absent(book, &seen, &[lesson]));
    if sheet.column(&["identifier"]).is_none() {
        notices.push(FOREIGN.to_owned());
    }
    if sheet.column(&["marking workflow state"]).is_some() {
        notices.push("students see a grade once its marking workflow state is Released".to_owned());
    }
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

/// Moodle takes no points for an assignment that is graded by a scale, or not at all.
fn not_in_points(sheet: &Sheet, column: usize, found: &str) -> SheetError {
    let title = sheet.headers().get(column + 1).map_or("nothing", String::as_str);
    let problem = format!(
        "behind the grade stands no maximum but `{found}` ({title}), so the assignment is not graded in points; set its grade type to Point"
    );
    SheetError::System { system: SYSTEM, problem }
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
    use super::super::fill;
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
    fn a_grade_of_an_earlier_attempt_is_not_given_to_a_new_one() {
        let sheet = SHEET.replace("Submitted for grading", "Reopened - Graded");
        let filled = fill(&sheet, &book(), &filling("lock")).unwrap();
        assert_eq!((rows(&filled.text)[1][4].as_str(), filled.cells), ("", 0));
        assert!(filled.notices[0].starts_with("Participant 101: the sheet says reopened"));
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
        assert_eq!(filled.notices.iter().filter(|notice| *notice == FOREIGN).count(), 1);
    }

    #[test]
    fn a_russian_sheet_has_no_blank_before_the_number() {
        let sheet = SHEET
            .replace("Identifier", "Идентификатор")
            .replace(",Grade,", ",Оценка,")
            .replace("Participant ", "Участник")
            .replace("ada@example.org", "");
        assert_eq!(fill(&sheet, &book(), &filling("lock")).unwrap().cells, 1);
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
        let fixed =
            SHEET.replace("10.00,Yes", "10.00,No").replace("Status", "\"Marking workflow state\"");
        let said = fill(&fixed, &book(), &filling("lock")).unwrap().notices.join("\n");
        assert!(
            said.contains("Participant 101: the sheet says that the grade cannot be"),
            "{said}"
        );
        assert!(said.contains("is Released"), "{said}");
    }

    #[test]
    fn what_is_not_graded_in_points_is_refused() {
        for behind in ["Low   Medium   High", "0   1   2", "Yes"] {
            let sheet = SHEET.replace("10.00", behind);
            let error = fill(&sheet, &book(), &filling("lock")).unwrap_err().to_string();
            assert!(error.contains(behind) && error.contains("not graded in points"), "{error}");
        }
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
    fn nobody_gets_the_grade_of_a_namesake_or_of_who_had_that_number_elsewhere() {
        let mut book = book();
        book.members[0].email = None;
        let twin =
            "\"Participant 555\",\"Ada Lovelace\",other@example.org,Submitted,,10.00,Yes,-,\n";
        let grades = |sheet: &str, book: &Book| {
            let filled = fill(sheet, book, &filling("lock")).unwrap();
            rows(&filled.text)[1..].iter().map(|row| row[4].clone()).collect::<Vec<_>>()
        };
        assert_eq!(grades(&format!("{SHEET}{twin}"), &book), ["9", "3.00", "", ""]);
        let elsewhere = SHEET
            .replace("101\",\"Ada Lovelace", "777\",\"Ada Lovelace")
            .replace("777\",\"Eve", "101\",\"Tom Lovelace");
        assert_eq!(grades(&elsewhere, &book), ["9", "3.00", ""]);
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
        // Its number is another participant's, and nothing but the group tells them apart.
        let blind = "Identifier,Status,Group,Grade,\"Maximum grade\"
\"Participant 101\",Submitted,Green,,10.00
\"Participant 42\",Submitted,\"Red & Blue\",,10.00
";
        let filled = fill(blind, &book, &filling("lock")).unwrap();
        let cells: Vec<_> = rows(&filled.text).into_iter().map(|row| row[3].clone()).collect();
        assert_eq!(cells, ["Grade", "", "9"]);
    }

    #[test]
    fn what_moodle_would_read_wrong_is_mended_and_said() {
        let sheet = SHEET.replace("-,well", "-,\"C:\\work, x\\\"");
        let sheet = sheet.replace("Submitted for grading", "Draft (not submitted) - ");
        let filled = fill(&sheet, &book(), &filling("lock")).unwrap();
        assert_eq!(rows(&filled.text)[2][8], "C:\\work, x\\ ");
        let said = filled.notices.join("\n");
        assert!(said.contains("Participant 101: the sheet says draft"), "{said}");
        assert!(said.contains("feedback comments are in 1 rows"), "{said}");
        assert!(said.contains("Participant 102, Feedback comments: got a blank"), "{said}");
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
