//! nbgrader's exchange: `submitted/<student>/<assignment>`, with a `timestamp.txt` in each.

use super::{Listing, Split, counted};
use crate::moment;
use crate::notice::{Kind, Notice};
use crate::piece::{Piece, Who};
use crate::place::{self, Item, ItemKind};

const FOLDER: &str = "submitted";
const TIMESTAMP: &str = "timestamp.txt";

pub(super) fn recognise(listing: &Listing) -> Option<String> {
    let students = students(listing)?.len();
    Some(format!("{FOLDER}/ with {}", counted(students, "student")))
}

pub(super) fn split(listing: &Listing) -> Split {
    let mut split = Split::default();
    for student in students(listing).unwrap_or_default() {
        if student.kind != ItemKind::Folder {
            let says = "is not a student's folder";
            split.notices.push(Notice::new(Kind::Unmatched, &student.name, says));
            continue;
        }
        for assignment in place::list(&student.path).unwrap_or_default() {
            if assignment.kind != ItemKind::Folder {
                continue;
            }
            let mut piece = Piece::item(&assignment, Who::named(&student.name));
            piece.label = format!("{}/{}", student.name, assignment.name);
            piece.hint = Some(assignment.name.clone());
            let stamp = place::read_text(&assignment.path.join(TIMESTAMP)).ok();
            piece.at = stamp.as_deref().and_then(moment::parse);
            split.pieces.push(piece);
        }
    }
    split
}

fn students(listing: &Listing) -> Option<Vec<Item>> {
    if let Some(folder) = listing.item(FOLDER).filter(|item| item.kind == ItemKind::Folder) {
        return place::list(&folder.path).ok();
    }
    (listing.label == FOLDER).then(|| listing.items.clone())
}

#[cfg(test)]
mod tests {
    use super::super::specimen::told;
    use super::*;

    #[test]
    fn students_assignments_and_times_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("submitted/ada/lock");
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join(TIMESTAMP), "2025-03-01 12:30:05.12 UTC").unwrap();
        std::fs::create_dir_all(folder.path().join("submitted/bao/pool-map")).unwrap();
        let items = place::list(folder.path()).unwrap();
        let listing =
            Listing { label: "course".to_owned(), folder: folder.path().to_owned(), items };
        assert_eq!(recognise(&listing).unwrap(), "submitted/ with 2 students");
        let split = split(&listing);
        assert_eq!(told(&split), ["ada #1 at 2025-03-01T12:30:05Z []", "bao #1 []"]);
        assert_eq!(split.pieces[1].hint.as_deref(), Some("pool-map"));
    }
}
