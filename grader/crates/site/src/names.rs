//! What students are called on the pages, and in file names.

use std::collections::BTreeSet;

use report::printable;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Person;

/// Whether students appear under their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// They do.
    Shown,
    /// Each has a number that tells nothing to those who do not know `salt`.
    Hidden {
        /// Kept from those who see the pages.
        salt: u64,
    },
}

/// What one student is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Name {
    pub(crate) shown: String,
    #[serde(flatten)]
    pub(crate) person: Known,
    /// The name of the student's page: letters, of any script, digits and hyphens alone.
    pub(crate) file: String,
}

/// What else may be shown of a student: nothing of those who have a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Known {
    /// The name for people, if it is another.
    pub(crate) name: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) section: Option<String>,
}

/// What one student who has no page is called; none of those who have a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Absent {
    pub(crate) shown: String,
    #[serde(flatten)]
    pub(crate) person: Known,
}

/// Gives each student a name of their own.
#[derive(Clone, Debug)]
pub(crate) struct Namer {
    names: Names,
    taken: BTreeSet<String>,
}

impl Namer {
    pub(crate) fn new(names: Names) -> Self {
        Self { names, taken: BTreeSet::new() }
    }

    /// Whether `file` is some student's page.
    pub(crate) fn is_taken(&self, file: &str) -> bool {
        self.taken.contains(file)
    }

    /// How `student` is called without a page; none if that is not to be told.
    pub(crate) fn told(&self, student: &str, person: Option<&Person>) -> Option<Absent> {
        let shown = printable(student).to_string();
        (self.names == Names::Shown).then(|| Absent { shown, person: known(student, person) })
    }

    /// A name for `student`, who has none yet and of whom `person` is known.
    pub(crate) fn name(&mut self, student: &str, person: Option<&Person>) -> Name {
        let (shown, base) = match self.names {
            Names::Shown => (printable(student).to_string(), plain(student)),
            Names::Hidden { salt } => {
                let digest = Sha256::new().chain_update(salt.to_le_bytes()).chain_update(student);
                let digest = digest.finalize();
                let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
                (format!("student {number:08x}"), format!("student-{number:08x}"))
            }
        };
        // Letters that are left out can leave two students with the same rest.
        let mut file = format!("{base}.html");
        let mut number = 2;
        while !self.taken.insert(file.clone()) {
            file = format!("{base}-{number}.html");
            number += 1;
        }
        let person = match self.names {
            Names::Shown => known(student, person),
            Names::Hidden { .. } => Known::default(),
        };
        Name { shown, person, file }
    }
}

fn known(student: &str, person: Option<&Person>) -> Known {
    let Some(Person { name, group, section }) = person else { return Known::default() };
    let told = |text: &Option<String>| text.as_ref().map(|text| printable(text).to_string());
    Known {
        name: told(name).filter(|name| name != student),
        group: told(group),
        section: told(section),
    }
}

fn plain(student: &str) -> String {
    let lower = student.to_lowercase();
    let kept: String = lower
        .chars()
        .map(|letter| if letter.is_alphanumeric() { letter } else { '-' })
        .take(50)
        .collect();
    let parts: Vec<_> = kept.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "student".to_owned() } else { parts.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: Names, students: &[&str]) -> Vec<String> {
        let mut namer = Namer::new(names);
        students.iter().map(|student| namer.name(student, None).file).collect()
    }

    #[test]
    fn file_names_are_plain_and_each_students_own() {
        assert_eq!(
            files(Names::Shown, &["José Núñez", "José_NÚÑEZ", "../../etc", "李伟", "🦀", "<&>"]),
            [
                "josé-núñez.html",
                "josé-núñez-2.html",
                "etc.html",
                "李伟.html",
                "student.html",
                "student-2.html"
            ]
        );
    }

    #[test]
    fn only_those_who_know_the_salt_can_tell_who_is_who() {
        let files = |salt| files(Names::Hidden { salt }, &["ada", "bob"]);
        assert_eq!(files(1), files(1));
        assert_ne!(files(1), files(2));
        assert!(files(1).iter().all(|file| file.starts_with("student-")));
    }
}
