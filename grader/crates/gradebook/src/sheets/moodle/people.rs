//! Whose a row of the worksheet is.

use super::super::{Identity, Names, Sheet, words};
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

/// What a worksheet says about whose its rows are.
pub(super) struct People {
    name: Option<usize>,
    group: Option<usize>,
    names: Names,
}

impl People {
    pub(super) fn of(sheet: &Sheet) -> Self {
        // The second column has names in a language that we do not know, unless it is another.
        let second = || sheet.column(&["status"]).is_none_or(|at| at != 1).then_some(1);
        let name = sheet.column(&NAME).or_else(second);
        let people = Self { name, group: sheet.column(&GROUP), names: Names::default() };
        let names = sheet.rows.iter().skip(1).map(|row| people.name(row).to_owned());
        Self { names: Names::of(names), ..people }
    }

    fn name<'a>(&self, row: &'a [String]) -> &'a str {
        self.name.and_then(|name| row.get(name)).map_or("", String::as_str)
    }

    pub(super) fn group<'a>(&self, row: &'a [String]) -> &'a str {
        self.group.and_then(|group| row.get(group)).map_or("", String::as_str)
    }

    /// How a person is told whose a row is.
    pub(super) fn told(&self, row: &[String]) -> String {
        match self.name(row) {
            "" => format!("{} is in the sheet and", row[0]),
            name => format!("{} ({name}) is in the sheet and", row[0]),
        }
    }

    /// Whose the row of the participant with number `id` is: by an address; else by the number,
    /// unless the names deny it; else by a name that no other row has. Where groups hand in, the
    /// numbers in the download are those of groups, so there it is by the group in place of the
    /// number.
    pub(super) fn member(&self, book: &Book, row: &[String], id: &str) -> Option<usize> {
        let (name, group) = (self.name(row), self.group(row));
        let others: Vec<&str> = row
            .iter()
            .skip(1)
            .take(3)
            .map(String::as_str)
            .filter(|cell| cell.contains('@'))
            .collect();
        let blind = name.is_empty() && others.is_empty();
        let find = |system_ids: &[&str], words: &[&str], name: &str| {
            book.find(&Identity { system_ids, words, name })
        };
        // Another assignment has other numbers, and who is another has a row of their own.
        let other = |member: &Member| {
            let own = member.name.as_deref().unwrap_or_default();
            words(own) != words(name) && self.names.has(own)
        };
        let may_be = |&at: &usize| {
            let member = &book.members[at];
            blind || (may_be(member, &row[0], name) && !other(member))
        };
        let by_number = || find(&[id], &[], "").filter(|at| group.is_empty() && may_be(at));
        let by_name = || find(&[], &[], self.names.only(name));
        find(&[], &others, "").or_else(by_number).or_else(by_name).or_else(|| team(book, group))
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

/// What is left of a name whatever a system puts between its letters.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "")
}

/// What is left of it in whatever order the system puts its words, too.
fn letters(name: &str) -> Vec<char> {
    let mut letters: Vec<char> = plain(name).chars().collect();
    letters.sort_unstable();
    letters
}

/// The group called `name`, whose members were not known when its work was graded.
pub(super) fn team(book: &Book, name: &str) -> Option<usize> {
    // In names of files Moodle shows what it makes of them for HTML.
    let shown = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    called(book, &[name, &shown])
}

/// The only one who is called by one of `names`, whatever stands between the letters.
pub(super) fn called(book: &Book, names: &[&str]) -> Option<usize> {
    let names: Vec<_> = names.iter().map(|name| plain(name)).collect();
    let own = |member: &Member| {
        let own = [Some(member.student.as_str()), member.name.as_deref()];
        own.into_iter().flatten().map(plain).any(|own| !own.is_empty() && names.contains(&own))
    };
    let mut found = (0..book.members.len()).filter(|&at| own(&book.members[at]));
    let at = found.next()?;
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
