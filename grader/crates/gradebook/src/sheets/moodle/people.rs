//! Whose a row of the worksheet is.

use super::super::{Identity, Sheet, words};
use crate::book::{Book, Member};

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

const GROUP: [&str; 8] =
    ["group", "gruppe", "groupe", "grupo", "gruppo", "groep", "группа", "小组"];

/// The columns of a worksheet that say whose a row is.
pub(super) struct People {
    name: Option<usize>,
    group: Option<usize>,
}

impl People {
    pub(super) fn of(sheet: &Sheet) -> Self {
        Self { name: sheet.column(&NAME), group: sheet.column(&GROUP) }
    }

    fn name<'a>(&self, row: &'a [String]) -> &'a str {
        row.get(self.name.unwrap_or(1)).map_or("", String::as_str)
    }

    pub(super) fn group<'a>(&self, row: &'a [String]) -> &'a str {
        self.group.and_then(|group| row.get(group)).map_or("", String::as_str)
    }

    /// How a person is told whose a row is.
    pub(super) fn told(&self, row: &[String]) -> String {
        format!("{} ({}) is in the sheet and", row[0], self.name(row))
    }

    /// Whose the row of the participant with number `id` is: by an address; else by the number,
    /// unless the names deny it, since a group has a number of another kind; else by the name;
    /// else by the group.
    pub(super) fn member(&self, book: &Book, row: &[String], id: &str) -> Option<usize> {
        let name = self.name(row);
        let others: Vec<&str> = row
            .iter()
            .skip(1)
            .take(3)
            .map(String::as_str)
            .filter(|cell| cell.contains('@'))
            .collect();
        let blind = self.name.is_none() && others.is_empty();
        let find = |system_ids: &[&str], words: &[&str], name: &str| {
            book.find(&Identity { system_ids, words, name })
        };
        let may_be = |&at: &usize| blind || may_be(&book.members[at], &row[0], name);
        find(&[], &others, "")
            .or_else(|| find(&[id], &[], "").filter(may_be))
            .or_else(|| find(&[], &[], name))
            .or_else(|| team(book, self.group(row)))
    }
}

/// Whether a member may be called `name`, or was not called by any name but `identifier`.
fn may_be(member: &Member, identifier: &str, name: &str) -> bool {
    let Some(own) = &member.name else { return true };
    let (ours, theirs) = (words(own), words(name));
    let anonymous = identifier.trim_end_matches(|c: char| c.is_ascii_digit());
    ours.iter().any(|word| theirs.contains(word))
        || [name, identifier, anonymous].iter().any(|other| letters(own) == letters(other))
}

/// What is left of a name whatever a system does to it, in no order.
fn letters(name: &str) -> Vec<char> {
    let lower = name.to_lowercase();
    let mut letters: Vec<char> = lower.chars().filter(|letter| letter.is_alphanumeric()).collect();
    letters.sort_unstable();
    letters
}

/// The group called `name`, whose members were not known when its work was graded.
fn team(book: &Book, name: &str) -> Option<usize> {
    let plain = |text: &str| text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "");
    let shown = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let own = |member: &&Member| {
        let student = plain(&member.student);
        !student.is_empty() && (student == plain(name) || student == plain(&shown))
    };
    let mut found = book.members.iter().enumerate().filter(|(_, member)| own(member));
    let (at, _) = found.next()?;
    found.next().is_none().then_some(at)
}

/// The digits at the end of the identifier.
pub(super) fn participant(row: &[String]) -> Option<&str> {
    let identifier = row.first()?;
    let start = identifier.rfind(|c: char| !c.is_ascii_digit())?;
    let (word, number) =
        identifier.split_at(start + identifier[start..].chars().next()?.len_utf8());
    (!number.is_empty() && !word.trim().is_empty()).then_some(number)
}
