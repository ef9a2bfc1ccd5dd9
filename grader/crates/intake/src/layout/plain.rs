//! A folder or an archive for each student, called by their name.
//!
//! In it `<lesson>/src/lib.rs`, `<lesson>/lib.rs`, or a copy of the students' edition of the
//! course, `exercises/<lesson>/src/lib.rs`.

use super::{Listing, Split};
use crate::archive;
use crate::notice::{Kind, Notice};
use crate::piece::{Piece, Who};
use crate::place::{Item, ItemKind};

pub(super) fn recognise(listing: &Listing) -> Option<String> {
    let students = listing.items.iter().filter(|item| student(item).is_some()).count();
    let noun = if students == 1 { "folder or archive" } else { "folders or archives" };
    (students > 0).then(|| format!("{students} {noun}, each called by a student"))
}

pub(super) fn split(listing: &Listing) -> Split {
    let mut split = Split::default();
    for item in &listing.items {
        if let Some(student) = student(item) {
            split.pieces.push(Piece::item(item, Who::named(student)));
        } else if item.kind == ItemKind::Link {
            let says = "is a link; put the folder itself there";
            split.notices.push(Notice::new(Kind::Refused, &item.name, says));
        }
    }
    split
}

fn student(item: &Item) -> Option<&str> {
    match item.kind {
        ItemKind::Folder => Some(&item.name),
        ItemKind::File => archive::stem(&item.name),
        ItemKind::Link | ItemKind::Special => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{listing, told};
    use super::*;

    #[test]
    fn folders_and_archives_are_students_and_other_files_are_not() {
        let listing = listing("class", &["ada/", "bao.zip", "notes.txt", "chidi.tar.gz"]);
        assert_eq!(
            told(&split(&listing)),
            ["ada #1 []", "bao #1 [bao.zip]", "chidi #1 [chidi.tar.gz]"]
        );
    }
}
