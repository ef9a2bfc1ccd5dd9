//! What Blackboard lets teachers download: files called
//! `<assignment>_<user>_attempt_<time>[_<file>].<ending>`, and a receipt `.txt` for each attempt,
//! which also holds what was typed into the box.
//!
//! Assignments and users both hold underscores, so the receipt or the roster says who it was.

use std::collections::BTreeMap;

use course::Moment;

use super::{Listing, Split, counted, mostly};
use crate::moment;
use crate::notice::{Kind, Notice};
use crate::piece::{Piece, Who};
use crate::place::{self, Item, ItemKind};
use crate::roster::Roster;

const ANCHOR: &str = "_attempt_";

/// `2025-03-01-12-30-05`
const TIME: usize = 19;

pub(super) fn recognise(listing: &Listing) -> Option<String> {
    let fits = |item: &&Item| item.kind == ItemKind::File && parse(&item.name).is_some();
    let fitting = listing.items.iter().filter(fits).count();
    mostly(fitting, listing)
        .then(|| format!("{} called <assignment>_<user>_attempt_<time>", counted(fitting, "file")))
}

pub(super) fn split(listing: &Listing, roster: Option<&Roster>) -> Split {
    let mut split = Split::default();
    let mut attempts: BTreeMap<(&str, &str), Attempt<'_>> = BTreeMap::new();
    for item in &listing.items {
        let Some(name) = parse(&item.name).filter(|_| item.kind == ItemKind::File) else {
            let says = "is not named as Blackboard names submissions";
            split.notices.push(Notice::new(Kind::Unmatched, &item.name, says));
            continue;
        };
        let attempt = attempts.entry((name.front, name.time)).or_default();
        attempt.at = Some(name.at);
        match name.file {
            Some(file) => attempt.files.push((file, item)),
            None => attempt.receipt = Some(item),
        }
    }
    for ((front, _), attempt) in attempts {
        let Attempt { at, receipt, files } = attempt;
        let Some((_, first)) = files.first() else {
            let about = receipt.map_or(front, |receipt| &receipt.name);
            let says = "came without a file, and what was typed into the box is not graded";
            split.notices.push(Notice::new(Kind::Unmatched, about, says));
            continue;
        };
        let who = receipt.and_then(author).or_else(|| on_roster(front, roster));
        let user = front.rsplit_once('_').map_or(front, |(_, user)| user);
        let who = who.unwrap_or_else(|| Who::numbered(user, user));
        let content = files.iter().map(|(name, item)| (name.clone(), item.path.clone()));
        let mut piece = Piece::of(&first.name, who, content.collect());
        piece.at = at;
        piece.hint = Some(front.to_owned());
        split.pieces.push(piece);
    }
    split
}

#[derive(Default)]
struct Attempt<'a> {
    at: Option<Moment>,
    receipt: Option<&'a Item>,
    files: Vec<(String, &'a Item)>,
}

/// `Name: Ada Lovelace (ada01)` in the receipt.
fn author(receipt: &Item) -> Option<Who> {
    let text = String::from_utf8_lossy(&place::read_bytes(&receipt.path).ok()?).into_owned();
    let line =
        text.lines().find_map(|line| line.trim_start_matches('\u{feff}').strip_prefix("Name:"))?;
    let (name, user) = line.trim().strip_suffix(')')?.rsplit_once('(')?;
    Some(Who::numbered(name.trim(), user.trim())).filter(|who| !who.name.is_empty())
}

fn on_roster(front: &str, roster: Option<&Roster>) -> Option<Who> {
    let known = roster?.ids_ending(front);
    known.first().map(|id| Who::numbered(id, id))
}

struct Name<'a> {
    /// The assignment and the user.
    front: &'a str,
    time: &'a str,
    at: Moment,
    /// None for the receipt.
    file: Option<String>,
}

fn parse(text: &str) -> Option<Name<'_>> {
    let (front, rest) = text.split_once(ANCHOR)?;
    let time = rest.get(..TIME)?;
    let at = moment::parse_dashes(time)?;
    let file = match &rest[TIME..] {
        ".txt" => None,
        ending if ending.starts_with('.') => Some(format!("file{ending}")),
        rest => Some(rest.strip_prefix('_')?.to_owned()),
    };
    let named = file.as_ref().is_none_or(|file| !file.is_empty());
    (front.contains('_') && named).then_some(Name { front, time, at, file })
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{listing, told};
    use super::*;

    #[test]
    fn every_attempt_has_its_time_and_receipts_are_no_submissions() {
        let names = [
            "Lock lab_ada01_attempt_2025-03-01-12-30-05.txt",
            "Lock lab_ada01_attempt_2025-03-01-12-30-05_lib.rs",
            "Lock lab_ada01_attempt_2025-03-02-08-00-00_lib.rs",
        ];
        let listing = listing("gradebook", &names);
        assert!(recognise(&listing).is_some());
        assert_eq!(
            told(&split(&listing, None)),
            [
                "ada01(ada01) #1 at 2025-03-01T12:30:05 [lib.rs]",
                "ada01(ada01) #1 at 2025-03-02T08:00:00 [lib.rs]",
            ]
        );
    }

    #[test]
    fn a_file_may_have_lost_its_name_and_a_receipt_may_come_alone() {
        let names = [
            "Lab_ada_attempt_2025-03-01-12-30-05.txt",
            "Lab_ada_attempt_2025-03-01-12-30-05.zip",
            "Lab_bao_attempt_2025-03-01-13-00-00.txt",
            "gradebook.csv",
        ];
        let listing = listing("gradebook", &names);
        assert!(recognise(&listing).unwrap().starts_with("3 files"));
        let split = split(&listing, None);
        assert_eq!(told(&split), ["ada(ada) #1 at 2025-03-01T12:30:05 [file.zip]"]);
        let said: Vec<_> = split.notices.iter().map(ToString::to_string).collect();
        assert!(said[0].starts_with("gradebook.csv"), "{said:?}");
        assert!(said[1].contains("_bao_") && said[1].contains("without a file"), "{said:?}");
    }

    #[test]
    fn the_receipt_says_who_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let front = "Lab_1_a_b_attempt_2025-03-01-12-30-05";
        let receipt = "Name: Ada Lovelace (a_b)\r\nAssignment: Lab_1\r\n";
        std::fs::write(folder.path().join(format!("{front}.txt")), receipt).unwrap();
        std::fs::write(folder.path().join(format!("{front}_lib.rs")), "").unwrap();
        let items = place::list(folder.path()).unwrap();
        let listing = Listing { label: "x".to_owned(), folder: folder.path().to_owned(), items };
        let told = told(&split(&listing, None));
        assert_eq!(told, ["Ada Lovelace(a_b) #1 at 2025-03-01T12:30:05 [lib.rs]"]);
    }

    #[test]
    fn the_roster_knows_where_a_user_begins() {
        let roster = Roster::parse("student,id\nada,a_b\nbao,b\n").unwrap();
        let split =
            split(&listing("x", &["Lab_1_a_b_attempt_2025-03-01-12-30-05_lib.rs"]), Some(&roster));
        assert_eq!(told(&split), ["a_b(a_b) #1 at 2025-03-01T12:30:05 [lib.rs]"]);
    }
}
