//! What Moodle lets teachers download.
//!
//! `<Full name>_<participant>_assignsubmission_file` is a folder, before Moodle 4.1 with a
//! trailing `_`, or, without folders, the beginning of a file's name. Blind marking shows
//! `Participant_<n>`, and groups stand in the place of names; who is in no group handed in as a
//! group without a number. In names `_` became a blank, and `'`, `/`, `&` and their like vanished.

use super::{Listing, Split, counted, mostly};
use crate::notice::{Kind, Notice};
use crate::piece::{Piece, Who, content};
use crate::place::ItemKind;
use crate::roster::Roster;

const ANCHOR: &str = "_assignsubmission_";

pub(super) fn recognise(listing: &Listing) -> Option<String> {
    let fitting = listing.items.iter().filter(|item| parse(&item.name).is_some()).count();
    mostly(fitting, listing).then(|| {
        format!("{} called <name>_<number>_assignsubmission_...", counted(fitting, "item"))
    })
}

pub(super) fn split(listing: &Listing, roster: Option<&Roster>) -> Split {
    let mut split = Split::default();
    for item in &listing.items {
        let Some(name) = parse(&item.name) else {
            let says = "is not named as Moodle names submissions";
            split.notices.push(Notice::new(Kind::Unmatched, &item.name, says));
            continue;
        };
        if name.plugin != "file" {
            let says =
                format!("is a submission of the kind `{}`, and only files are graded", name.plugin);
            split.notices.push(Notice::new(Kind::Unmatched, &item.name, says));
            split.left_out.extend(authors(&name, roster));
            continue;
        }
        let entry = match (item.kind, name.file) {
            (ItemKind::Folder, "") => content(item),
            (ItemKind::File, file) if !file.is_empty() => (file.to_owned(), item.path.clone()),
            _ => {
                let says = "is neither a folder nor a file of a submission";
                split.notices.push(Notice::new(Kind::Refused, &item.name, says));
                continue;
            }
        };
        let authors = authors(&name, roster);
        let is_listed = roster.is_some_and(|roster| !roster.group(name.name).is_empty());
        if name.number.is_none() && !is_listed {
            let says = format!(
                "is of those who are in no group; give them the group `{}` on the roster",
                name.name
            );
            split.notices.push(Notice::new(Kind::Remark, &item.name, says));
        }
        let same = split.pieces.iter_mut().find(|piece| piece.authors == authors);
        match same {
            Some(piece) => piece.content.push(entry),
            None => {
                let mut piece = Piece::of(&item.name, Who::default(), vec![entry]);
                piece.authors = authors;
                piece.hint = Some(listing.label.clone());
                split.pieces.push(piece);
            }
        }
    }
    split
}

/// The members of the group, or the one participant.
fn authors(name: &Name<'_>, roster: Option<&Roster>) -> Vec<Who> {
    let who = match (name.name, name.number) {
        (name, None) => Who::named(name),
        // The worksheet says the same two words.
        ("Participant", Some(number)) => Who::participant(&format!("Participant {number}"), number),
        (name, Some(number)) => Who::participant(name, number),
    };
    let Some(roster) = roster.filter(|roster| !roster.knows(&who)) else { return vec![who] };
    match roster.group(name.name) {
        members if members.is_empty() => vec![who],
        members => members,
    }
}

struct Name<'a> {
    name: &'a str,
    /// None for those who are in no group.
    number: Option<&'a str>,
    plugin: &'a str,
    /// Empty for a folder.
    file: &'a str,
}

fn parse(text: &str) -> Option<Name<'_>> {
    let (person, rest) = text.split_once(ANCHOR)?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (name, number) = match person.rsplit_once('_') {
        Some((name, number)) if digits(number) => (name, Some(number)),
        Some(_) => return None,
        None => (person, None),
    };
    let (plugin, file) = rest.split_once('_').unwrap_or((rest, ""));
    (!name.is_empty()).then_some(Name { name, number, plugin, file })
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{listing, told};
    use super::*;

    #[test]
    fn folders_old_folders_and_blind_ones_are_read() {
        let names = [
            "Ada Lovelace_101_assignsubmission_file/",
            "Núñez, José_102_assignsubmission_file_/",
            "Participant_103_assignsubmission_file/",
        ];
        let listing = listing("COS101-Locks-77", &names);
        assert!(recognise(&listing).unwrap().starts_with("3 items"));
        assert_eq!(
            told(&split(&listing, None)),
            ["Ada Lovelace(101) #1 []", "Núñez, José(102) #1 []", "Participant 103(103) #1 []"]
        );
    }

    #[test]
    fn files_of_one_participant_belong_together() {
        let names = [
            "Ada Lovelace_101_assignsubmission_file_lib.rs",
            "Ada Lovelace_101_assignsubmission_file_my_notes.txt",
        ];
        let split = split(&listing("x", &names), None);
        assert_eq!(told(&split), ["Ada Lovelace(101) #1 [lib.rs my_notes.txt]"]);
    }

    #[test]
    fn a_group_stands_for_its_members() {
        let roster = Roster::parse("student,group\nada,Team 1\nbao,Team 1\nfay,Team 2\n").unwrap();
        let split = split(&listing("x", &["Team 1_7_assignsubmission_file/"]), Some(&roster));
        assert_eq!(told(&split), ["ada, bao #1 []"]);
    }

    #[test]
    fn those_without_a_group_have_no_number_and_a_sheet_that_lies_beside_is_left_out() {
        let names = [
            "Default group_assignsubmission_file/",
            "Team 1_7_assignsubmission_file/",
            "Grades-COS101-Locks.csv",
        ];
        let listing = listing("x", &names);
        assert!(recognise(&listing).unwrap().starts_with("2 items"));
        let split = split(&listing, None);
        assert_eq!(told(&split), ["Default group #1 []", "Team 1(7) #1 []"]);
        assert!(split.notices[0].says.contains("in no group"));
        assert_eq!(split.notices[1].about, "Grades-COS101-Locks.csv");
    }

    #[test]
    fn text_typed_into_a_box_is_said_to_be_left_out() {
        let split = split(&listing("x", &["Ada_1_assignsubmission_onlinetext/"]), None);
        assert!(split.pieces.is_empty());
        assert!(split.notices[0].says.contains("onlinetext"));
    }
}
