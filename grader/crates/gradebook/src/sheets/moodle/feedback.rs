//! To whom pages go, whose files Moodle hands out if they are named after its participants.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Filling, Sheet, SheetError, absent};
use super::no_participants;
use super::people::{People, participant, team};
use crate::book::Book;

/// Whose page goes to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// The number by which Moodle knows a participant of the assignment, or a group of it.
    pub number: String,
    /// The name under which results are filed.
    pub student: String,
}

const NO_GROUP: &str = "is in no group alone, and Moodle hands those no pages";

const PERSON_OF_A_GROUP: &str = "works in a group, and Moodle hands a page to a whole group: grade the download without a roster, so that its groups are known";

/// Those in a worksheet of Moodle's who handed in `lesson`, and what is to be said about the rest.
///
/// Where groups hand in, each group is there once, with the number that its folder had in the
/// download: the worksheet knows its members alone.
pub fn addressees(
    sheet: &str,
    book: &Book,
    lesson: &str,
) -> Result<(Vec<Addressee>, Vec<String>), SheetError> {
    let sheet = Sheet::parse(sheet)?;
    let wanted = book.wanted(&Filling { lesson: Some(lesson.to_owned()), ..Filling::default() })?;
    let people = People::of(&sheet);
    let (mut addressees, mut seen, mut notices) = (Vec::new(), Vec::new(), Vec::new());
    let mut numbers = BTreeSet::new();
    for row in sheet.rows.iter().skip(1) {
        let Some(id) = participant(row) else { continue };
        let found = people.member(book, row, id);
        let handed_in =
            |&index: &usize| book.members[index].grades.keys().any(|id| id.as_str() == lesson);
        let Some(index) = found.filter(handed_in) else {
            notices.push(format!("{} handed in nothing for {lesson}", people.told(row)));
            continue;
        };
        seen.push(index);
        let member = &book.members[index];
        let number = match (people.group(row), team(book, people.group(row)) == Some(index)) {
            ("", _) => Ok(id),
            (_, true) => member.system_id.as_deref().ok_or(NO_GROUP),
            // The number of a person, whatever it is, would be taken for that of a group.
            (_, false) => Err(PERSON_OF_A_GROUP),
        };
        match number {
            Ok(number) if numbers.insert(number.to_owned()) => addressees
                .push(Addressee { number: number.to_owned(), student: member.student.clone() }),
            Ok(_) => {}
            Err(problem) => notices.push(format!("{} {problem}", row[0])),
        }
    }
    if seen.is_empty() && notices.is_empty() {
        return Err(no_participants());
    }
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    addressees.iter().for_each(|each| *rows.entry(each.student.clone()).or_default() += 1);
    rows.retain(|_, rows| *rows > 1);
    addressees.retain(|each| !rows.contains_key(&each.student));
    let unclear = rows.keys().map(|student| format!("{student} could be any of several rows"));
    notices.extend(unclear);
    notices.extend(absent(book, &seen, &wanted));
    Ok((addressees, notices))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::specimen::book;

    fn told(sheet: &str, book: &Book) -> (Vec<(String, String)>, Vec<String>) {
        let (addressees, notices) = addressees(sheet, book, "lock").unwrap();
        (addressees.into_iter().map(|each| (each.number, each.student)).collect(), notices)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(number, student): &(&str, &str)| ((*number).into(), (*student).into());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn each_participant_who_handed_in_gets_their_own_page() {
        let sheet =
            "\u{feff}Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum grade\"
\"Participant 102\",\"Bao Nguyen\",bao@example.org,Submitted,,10.00
\"Participant 101\",\"Ada Lovelace\",ada@example.org,Submitted,,10.00
\"Participant 777\",Eve,eve@example.org,\"No submission\",,10.00
";
        let (addressees, notices) = told(sheet, &book());
        assert_eq!(addressees, pairs(&[("102", "bao"), ("101", "ada")]));
        assert_eq!(
            notices,
            ["Participant 777 (Eve) is in the sheet and handed in nothing for lock"]
        );
        let without = sheet
            .replace("\"Participant 101\",\"Ada Lovelace\",ada@example.org,Submitted,,10.00\n", "");
        let (addressees, notices) = told(&without, &book());
        assert_eq!(addressees, pairs(&[("102", "bao")]));
        assert!(notices[1].starts_with("ada has a grade and is not in the sheet"), "{notices:?}");
    }

    #[test]
    fn a_group_gets_one_page_under_the_number_of_its_folder() {
        let mut book = book();
        let ada = &mut book.members[0];
        (ada.student, ada.name) = ("Red".to_owned(), Some("Red".to_owned()));
        (ada.email, ada.id, ada.system_id) = (None, None, Some("7".to_owned()));
        let sheet =
            "Identifier,\"Full name\",\"Email address\",Status,Group,Grade,\"Maximum grade\"
\"Participant 42\",\"Fay Po\",fay@example.org,Submitted,Red,,10.00
\"Participant 43\",\"Gil Wu\",gil@example.org,Submitted,Red,,10.00
";
        assert_eq!(told(sheet, &book).0, pairs(&[("7", "Red")]));
        let person =
            sheet.replace("42\",\"Fay Po\",fay@example.org", "42\",\"Bao\",bao@example.org");
        let (addressees, notices) = told(&person, &book);
        assert_eq!(addressees, pairs(&[("7", "Red")]), "a number of Bao's own is no group's");
        assert!(notices[0].contains("Participant 42 works in a group"), "{notices:?}");
        book.members[0].system_id = None;
        let (addressees, notices) = told(sheet, &book);
        assert!(addressees.is_empty());
        assert!(notices[0].contains("Participant 42 is in no group alone"), "{notices:?}");
    }

    #[test]
    fn a_page_that_could_be_of_two_rows_goes_to_neither() {
        let sheet = "Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum grade\"
\"Participant 555\",\"Ada L\",ada@example.org,Submitted,,10.00
\"Participant 101\",\"Ada Q\",q@example.org,Submitted,,10.00
\"Participant 102\",\"Bao Nguyen\",bao@example.org,Submitted,,10.00
";
        let (addressees, notices) = told(sheet, &book());
        assert_eq!(addressees, pairs(&[("102", "bao")]));
        assert_eq!(notices, ["ada could be any of several rows"]);
    }

    #[test]
    fn what_is_no_worksheet_is_refused() {
        let error = addressees("First name,Grade\nAda,1\n", &book(), "lock").unwrap_err();
        assert!(error.to_string().contains("Participant 123"), "{error}");
        assert!(addressees("Identifier,Grade\n", &book(), "fork").is_err());
    }
}
