//! What students are called on the pages, and in file names.

use std::collections::BTreeSet;

use report::{Report, printable};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Whether students appear under their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// They do.
    Shown,
    /// They are numbered in an order that only `salt` gives away.
    Hidden {
        /// Anything that those who see the pages do not know.
        salt: u64,
    },
}

/// What one student is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Name {
    pub(crate) shown: String,
    file: String,
}

impl Name {
    /// The name of the student's page: letters, digits and hyphens alone.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }
}

/// A name for each student, in the order of the report.
pub(crate) fn assign(report: &Report, names: Names) -> Vec<Name> {
    let students: Vec<&str> = report
        .students()
        .filter_map(|work| work.first())
        .map(|work| work.student.as_str())
        .collect();
    match names {
        Names::Shown => by_name(&students),
        Names::Hidden { salt } => by_number(&students, salt),
    }
}

fn by_name(students: &[&str]) -> Vec<Name> {
    let mut taken = BTreeSet::new();
    let name = |student: &&str| {
        let base = plain(student);
        let mut file = format!("{base}.html");
        // Letters that are left out can leave two students with the same rest.
        let mut number = 2;
        while !taken.insert(file.clone()) {
            file = format!("{base}-{number}.html");
            number += 1;
        }
        Name { shown: printable(student).to_string(), file }
    };
    students.iter().map(name).collect()
}

fn by_number(students: &[&str], salt: u64) -> Vec<Name> {
    let digest = |student: &str| {
        Sha256::new().chain_update(salt.to_le_bytes()).chain_update(student).finalize()
    };
    let mut order: Vec<usize> = (0..students.len()).collect();
    order.sort_by_key(|&index| digest(students[index]));
    let mut numbers = vec![0; students.len()];
    for (number, index) in order.into_iter().enumerate() {
        numbers[index] = number + 1;
    }
    let name = |number: usize| Name {
        shown: format!("student {number:03}"),
        file: format!("student-{number:03}.html"),
    };
    numbers.into_iter().map(name).collect()
}

fn plain(student: &str) -> String {
    let kept: String = student
        .chars()
        .map(
            |letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' },
        )
        .take(60)
        .collect();
    let parts: Vec<_> = kept.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "student".to_owned() } else { parts.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_plain_and_each_students_own() {
        let names = by_name(&["José Núñez", "Jos_ N__ez", "../../etc", "李伟", "王芳"]);
        let files: Vec<_> = names.iter().map(Name::file).collect();
        assert_eq!(
            files,
            ["jos-n-ez.html", "jos-n-ez-2.html", "etc.html", "student.html", "student-2.html"]
        );
    }

    #[test]
    fn numbers_do_not_follow_the_order_of_names() {
        let students: Vec<String> = (0..40).map(|number| format!("s{number:02}")).collect();
        let students: Vec<&str> = students.iter().map(String::as_str).collect();
        let numbers = |salt| by_number(&students, salt);
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
        let in_order: Vec<_> = (1..=40).map(|number| format!("student {number:03}")).collect();
        assert_ne!(numbers(1).into_iter().map(|name| name.shown).collect::<Vec<_>>(), in_order);
    }
}
