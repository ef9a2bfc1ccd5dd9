use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::piece::Who;
use crate::student::{StudentName, fold};

/// Who takes part in the course.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    people: Vec<Listed>,
}

/// One row of a roster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The key: what everything is filed under.
    pub(crate) student: String,
    pub(crate) name: Option<String>,
    pub(crate) id: Option<String>,
    /// Their number in one assignment on Moodle.
    pub(crate) participant: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) github: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) section: Option<String>,
}

/// Why a roster cannot be used.
#[derive(Debug, Error)]
pub enum RosterError {
    /// It cannot be read.
    #[error("cannot read the roster {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its characters cannot be told.
    #[error("cannot use the roster {path}: {source}", path = path.display())]
    Encoding {
        /// Which.
        path: PathBuf,
        /// In which line.
        source: spreadsheet::EncodingError,
    },
    /// It is no table.
    #[error("the roster is no CSV: {0}")]
    Form(#[from] csv::Error),
    /// No column says who.
    #[error(
        "the roster has the columns {found}; one has to be `student`, the name to file each student under, or `email`"
    )]
    NoStudent {
        /// The columns that there are.
        found: String,
    },
    /// A row without a student.
    #[error("line {line} of the roster names no student")]
    Nameless {
        /// From 1.
        line: u64,
    },
    /// One student twice.
    #[error("line {line} of the roster names `{student}` again; keep one")]
    Twice {
        /// From 1.
        line: u64,
        /// Who.
        student: String,
    },
}

/// What the roster says about somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Match<'a> {
    One(&'a Listed),
    Several(Vec<&'a Listed>),
    Nobody,
}

/// The columns, each under all the names by which it is known.
const STUDENT: &[&str] = &["student", "username", "login", "user", "sis login id"];
const NAME: &[&str] = &["name", "full name", "student name"];
const FIRST: &[&str] = &["first name", "firstname", "first"];
const LAST: &[&str] = &["last name", "lastname", "surname", "last"];
const ID: &[&str] = &["id", "student id", "user id", "sid", "id number", "sis user id"];
const PARTICIPANT: &[&str] = &["participant", "identifier"];
const EMAIL: &[&str] = &["email", "email address", "e-mail"];
const GITHUB: &[&str] = &["github", "github username", "github_username"];
const GROUP: &[&str] = &["group", "team", "group name"];
const SECTION: &[&str] = &["section", "class", "section name"];

impl Roster {
    /// Reads the roster at `path`.
    pub fn load(path: &Path) -> Result<Self, RosterError> {
        let read = |source| RosterError::Read { path: path.to_owned(), source };
        let encoding = |source| RosterError::Encoding { path: path.to_owned(), source };
        let (text, _) =
            spreadsheet::decode(&std::fs::read(path).map_err(read)?).map_err(encoding)?;
        Self::parse(&text)
    }

    /// Reads the text of a roster: CSV with a header.
    pub fn parse(text: &str) -> Result<Self, RosterError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(spreadsheet::delimiter(text))
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let headers: Vec<String> = reader.headers()?.iter().map(fold).collect();
        let column =
            |names: &[&str]| headers.iter().position(|header| names.contains(&header.as_str()));
        // Moodle's own tables have no usernames, and an address has only one owner.
        let Some(student) = column(STUDENT).or_else(|| column(EMAIL)) else {
            return Err(RosterError::NoStudent { found: headers.join(", ") });
        };
        let mut people: Vec<Listed> = Vec::new();
        for row in reader.records() {
            let row = row?;
            let line = row.position().map_or(0, csv::Position::line);
            let cell = |at: Option<usize>| {
                let text = row.get(at?)?;
                (!text.is_empty()).then(|| text.to_owned())
            };
            let of = |names: &[&str]| cell(column(names));
            let student = cell(Some(student)).ok_or(RosterError::Nameless { line })?;
            if people.iter().any(|other| fold(&other.student) == fold(&student)) {
                return Err(RosterError::Twice { line, student });
            }
            let both = match (of(FIRST), of(LAST)) {
                (Some(first), Some(last)) => Some(format!("{first} {last}")),
                (first, last) => first.or(last),
            };
            people.push(Listed {
                student,
                name: of(NAME).or(both),
                id: of(ID),
                participant: of(PARTICIPANT).map(|text| last_number(&text).to_owned()),
                email: of(EMAIL),
                github: of(GITHUB),
                group: of(GROUP),
                section: of(SECTION),
            });
        }
        Ok(Self { people })
    }

    /// Everybody, in the roster's order.
    pub(crate) fn people(&self) -> &[Listed] {
        &self.people
    }

    /// Whether somebody on it may be `who`.
    pub(crate) fn knows(&self, who: &Who) -> bool {
        self.find(who) != Match::Nobody
    }

    /// Who `who` is. A number and a name that point at two people point at both: systems number
    /// people in their own ways, and the roster may number them in another.
    pub(crate) fn find(&self, who: &Who) -> Match<'_> {
        let those = |fits: &dyn Fn(&Listed) -> bool| {
            self.people.iter().filter(|listed| fits(listed)).collect::<Vec<&Listed>>()
        };
        let by_word = those(&|listed| listed.is_by_word(who));
        let named = || those(&|listed| listed.is_by_name(&who.name));
        let mut found = if by_word.is_empty() { named() } else { by_word };
        let mut numbered = those(&|listed| listed.is_by_number(who));
        if numbered.is_empty() && who.of_assignment {
            numbered = found.iter().copied().filter(|listed| listed.id == who.id).collect();
        }
        // Of namesakes the number says which.
        match numbered.as_slice() {
            [one] if found.contains(one) => found = numbered,
            _ => found.extend(
                numbered.into_iter().filter(|listed| !found.contains(listed)).collect::<Vec<_>>(),
            ),
        }
        match found.as_slice() {
            [] => Match::Nobody,
            [one] => Match::One(one),
            _ => Match::Several(found),
        }
    }

    /// The members of the group of which Moodle writes `name`; empty if there is none.
    pub(crate) fn group(&self, name: &str) -> Vec<Who> {
        let name = squeeze(name);
        self.members(|group| squeeze(group) == name || squeeze(&as_html(group)) == name)
    }

    /// The members of the group of which Canvas writes `name`: letters and digits alone.
    pub(crate) fn group_run_together(&self, name: &str) -> Vec<Who> {
        let name = fold(name);
        self.members(|group| run_together(group) == name)
    }

    fn members(&self, is_it: impl Fn(&str) -> bool) -> Vec<Who> {
        let members =
            self.people.iter().filter(|listed| listed.group.as_deref().is_some_and(&is_it));
        members.map(|listed| Who::named(&listed.student)).collect()
    }

    /// The usernames with which `folder` ends behind a hyphen, the longest first.
    pub(crate) fn usernames_ending(&self, folder: &str) -> Vec<String> {
        let names =
            self.people.iter().map(|listed| listed.github.as_ref().unwrap_or(&listed.student));
        ending(names, folder, '-')
    }

    /// The usernames or numbers with which `text` ends behind an underscore, the longest first.
    pub(crate) fn ids_ending(&self, text: &str) -> Vec<String> {
        let names = self.people.iter().flat_map(|listed| listed.id.iter().chain([&listed.student]));
        ending(names, text, '_')
    }
}

fn ending<'a>(names: impl Iterator<Item = &'a String>, text: &str, mark: char) -> Vec<String> {
    let text = fold(text);
    let mut found: Vec<String> =
        names.filter(|name| text.ends_with(&format!("{mark}{}", fold(name)))).cloned().collect();
    found.sort_by_key(|name| std::cmp::Reverse(name.len()));
    found
}

impl Listed {
    /// Its key, safe.
    pub(crate) fn student(&self) -> StudentName {
        StudentName::new(&self.student)
    }

    /// Whether what `who` is called may be a name of theirs, as far as that can be told.
    pub(crate) fn goes_by(&self, who: &Who) -> bool {
        let Some(own) = &self.name else { return true };
        let no_name = who.name.contains(|letter: char| letter.is_ascii_digit());
        let (own, other) = (words(own), words(&who.name));
        no_name
            || who.id.as_ref() == Some(&who.name)
            || self.is_by_word(who)
            || self.is_by_name(&who.name)
            || own.iter().any(|word| other.contains(word))
    }

    fn is_by_number(&self, who: &Who) -> bool {
        let Some(id) = &who.id else { return false };
        if who.of_assignment {
            return self.participant.as_ref() == Some(id);
        }
        self.id.as_ref() == Some(id) || fold(&self.student) == fold(id)
    }

    /// By an address or a username: words that only one person has.
    fn is_by_word(&self, who: &Who) -> bool {
        let same = |own: &Option<String>, other: &str| {
            own.as_deref().is_some_and(|own| fold(own) == fold(other))
        };
        fold(&self.student) == fold(&who.name)
            || same(&self.github, &who.name)
            || who.email.as_deref().is_some_and(|email| same(&self.email, email))
            || same(&self.email, &who.name)
            || self.name.as_deref().is_some_and(|name| squeeze(name) == squeeze(&who.name))
    }

    /// By a name that a system has taken apart or run together.
    fn is_by_name(&self, name: &str) -> bool {
        let Some(own) = &self.name else { return false };
        let (mut own, mut other) = (words(own), words(name));
        if other.len() == 1 && permutations(&own).contains(&other[0]) {
            return true;
        }
        own.sort();
        other.sort();
        own == other
    }
}

/// As Moodle writes names into files: `_` a blank, and what no file may be called gone.
fn squeeze(name: &str) -> String {
    const GONE: &[char] = &['\'', '/', '&', '’', '<', '>', '"', '`', '|', ':', '\\'];
    fold(&name.replace('_', " ").replace(GONE, ""))
}

/// As Moodle shows the name of a group: without tags, and with `&amp;` for `&`.
fn as_html(name: &str) -> String {
    let mut shown = String::new();
    let mut rest = name;
    while let Some(start) = rest.find('<') {
        let is_tag = rest[start + 1..].starts_with(|next: char| !next.is_whitespace());
        let end = if is_tag {
            rest[start..].find('>').map_or(rest.len(), |end| start + end + 1)
        } else {
            start + 1
        };
        shown += &rest[..start];
        if !is_tag {
            shown.push('<');
        }
        rest = &rest[end..];
    }
    shown += rest;
    shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// `12` of `Participant 12`.
fn last_number(text: &str) -> &str {
    let start = text.rfind(|letter: char| !letter.is_ascii_digit());
    start.map_or(text, |start| {
        text[start..].trim_start_matches(|letter: char| !letter.is_ascii_digit())
    })
}

/// As Canvas writes names into files: letters, digits and `_` alone.
fn run_together(name: &str) -> String {
    fold(name).chars().filter(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

fn words(name: &str) -> Vec<String> {
    let plain = squeeze(name);
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// `lovelaceada` and `adalovelace`: Canvas runs names together, the last name first.
fn permutations(words: &[String]) -> Vec<String> {
    (0..words.len())
        .flat_map(|turn| {
            let mut turned = words.to_vec();
            turned.rotate_left(turn);
            let forth = turned.concat();
            turned.reverse();
            [forth, turned.concat()]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROSTER: &str = "\u{feff}Student,Full Name,ID,Email address,GitHub,Group,Section
ada,Ada O'Lovelace,7,ada@x.org,ada-l,Red & Blue,A
bao,Bao Nguyen,8,bao@x.org,baobao,,B
chidi,Chidi Anagonye,9,,,,
chidi2,Chidi Anagonye,10,,,,
gabo,Gabriel José García Márquez,11,,,,
";

    fn found(who: &Who) -> Vec<String> {
        match Roster::parse(ROSTER).unwrap().find(who) {
            Match::One(listed) => vec![listed.student.clone()],
            Match::Several(several) => {
                several.iter().map(|listed| listed.student.clone()).collect()
            }
            Match::Nobody => Vec::new(),
        }
    }

    #[test]
    fn people_are_found_by_whatever_a_system_knows_of_them() {
        for (who, student) in [
            (Who::named("ada"), "ada"),
            (Who::named("ADA-L"), "ada"),
            (Who::named("Ada OLovelace"), "ada"),
            (Who::named("olovelaceada"), "ada"),
            (Who::named("garcíamárquezgabrieljosé"), "gabo"),
            (Who::named("Nguyen, Bao"), "bao"),
            (Who::numbered("whoever", "8"), "bao"),
            (Who { email: Some("Bao@x.org".to_owned()), ..Who::named("B.") }, "bao"),
            (Who::numbered("Chidi Anagonye", "x"), ""),
        ] {
            let found = found(&who);
            let expected: Vec<&str> =
                if student.is_empty() { vec!["chidi", "chidi2"] } else { vec![student] };
            assert_eq!(found, expected, "{who:?}");
        }
        assert!(found(&Who::named("nobody")).is_empty());
    }

    #[test]
    fn a_number_and_a_name_of_two_people_are_two_people() {
        assert_eq!(found(&Who::numbered("Bao Nguyen", "7")), ["bao", "ada"]);
        assert_eq!(found(&Who::numbered("Nguyen, Bao", "7")), ["bao", "ada"]);
        assert_eq!(found(&Who::numbered("Chidi Anagonye", "10")), ["chidi2"]);
    }

    #[test]
    fn groups_are_found_as_moodle_writes_them() {
        let roster = Roster::parse(ROSTER).unwrap();
        assert_eq!(roster.group("Red  Blue"), [Who::named("ada")]);
        assert!(roster.group("Green").is_empty());
    }

    #[test]
    fn groups_are_found_as_moodle_4_5_wrote_them() {
        for (own, written) in [
            ("Red & Blue", "Red amp; Blue"),
            ("Grün_Team 2", "Grün Team 2"),
            ("第三组/c", "第三组c"),
            ("Bob's <b>team</b> \"x\"", "Bobs team x"),
            ("A&B <3", "Aamp;B "),
            ("O'Hara > rest", "OHara gt; rest"),
            ("a < b", "a lt; b"),
        ] {
            let listed = Listed {
                student: "ada".to_owned(),
                group: Some(own.to_owned()),
                ..Listed::default()
            };
            let roster = Roster { people: vec![listed] };
            assert_eq!(roster.group(written), [Who::named("ada")], "{own}");
        }
    }

    #[test]
    fn the_number_of_a_participant_is_no_number_of_the_roster() {
        assert_eq!(found(&Who::participant("Bao Nguyen", "7")), ["bao"]);
        assert!(found(&Who::participant("Participant 7", "7")).is_empty());
        assert_eq!(found(&Who::participant("Chidi Anagonye", "10")), ["chidi2"]);
        assert_eq!(found(&Who::participant("Chidi Anagonye", "7")), ["chidi", "chidi2"]);
    }

    #[test]
    fn the_worksheet_of_an_assignment_is_a_roster() {
        let text = "\u{feff}Identifier,\"Full name\",\"Email address\",Status,Group,Grade
\"Participant 5\",\"Alex Smith\",alex1@x.org,\"Draft (not submitted) -  - \",\"Default group\",
\"Participant 15\",\"Alex Smith\",alex2@x.org,\"Submitted for grading -  - \",\"Default group\",
";
        let roster = Roster::parse(text).unwrap();
        let found = |name: &str, number| match roster.find(&Who::participant(name, number)) {
            Match::One(listed) => listed.student.clone(),
            other => format!("{other:?}"),
        };
        assert_eq!(found("Alex Smith", "15"), "alex2@x.org");
        assert_eq!(found("Participant 5", "5"), "alex1@x.org");
        assert_eq!(roster.group("Default group").len(), 2);
    }

    #[test]
    fn a_roster_may_have_semicolons() {
        let roster = Roster::parse("Student;Name\nada;Lovelace, Ada\n").unwrap();
        assert_eq!(roster.people[0].name.as_deref(), Some("Lovelace, Ada"));
    }

    #[test]
    fn what_cannot_be_used_is_said_with_its_line() {
        let said = |text: &str| Roster::parse(text).unwrap_err().to_string();
        assert!(said("first,last\na,b\n").contains("one has to be `student`"));
        assert!(said("student\nada\n\"\"\n").contains("line 3"));
        assert!(said("student\nada\nADA\n").contains("line 3 of the roster names `ADA` again"));
    }
}
