//! What Canvas lets teachers download: files called
//! `<name>[_LATE]_<user>_<attachment>_<file>`, or `[LATE_]anon_<id>_<attachment>_<file>`.
//!
//! The first two names of digits alone are the user and the attachment; only the id of an
//! anonymous one has letters. What was typed into a box or is a link has no attachment, and
//! ends in `_text.html` or `_link.html`. For a group the name is the group's and the user one
//! of its members. Files of one user that are called alike get `-1`, `-2` before the ending:
//! later attempts.

use std::collections::BTreeMap;

use super::{Listing, Split, counted, mostly};
use crate::notice::{Kind, Notice};
use crate::piece::{Piece, Who};
use crate::place::{Item, ItemKind};
use crate::roster::Roster;

pub(super) fn recognise(listing: &Listing) -> Option<String> {
    let fits = |item: &&Item| item.kind == ItemKind::File && parse(&item.name).is_some();
    let fitting = listing.items.iter().filter(fits).count();
    mostly(fitting, listing)
        .then(|| format!("{} called <name>_<user>_<attachment>_<file>", counted(fitting, "file")))
}

pub(super) fn split(listing: &Listing, roster: Option<&Roster>) -> Split {
    let mut split = Split::default();
    let mut users: BTreeMap<&str, Vec<(Name<'_>, &Item)>> = BTreeMap::new();
    for item in &listing.items {
        let says = match parse(&item.name).filter(|_| item.kind == ItemKind::File) {
            Some(name) if name.is_typed() => {
                "was typed into a box or is a link, and only files are graded"
            }
            Some(name) => {
                users.entry(name.user).or_default().push((name, item));
                continue;
            }
            None => "is not named as Canvas names submissions",
        };
        split.notices.push(Notice::new(Kind::Unmatched, &item.name, says));
    }
    for (user, files) in users {
        let mut pieces = attempts(user, &files, &listing.label);
        let person = &files[0].0.person;
        let by_name = roster.filter(|roster| !roster.knows(&Who::named(person)));
        let members = by_name.map(|roster| roster.group_run_together(person)).unwrap_or_default();
        if !members.is_empty() {
            pieces.iter_mut().for_each(|piece| piece.authors.clone_from(&members));
        }
        split.pieces.extend(pieces);
    }
    split
}

/// The attempts of one user: one, unless two files have the same name but for their numbers.
fn attempts(user: &str, files: &[(Name<'_>, &Item)], label: &str) -> Vec<Piece> {
    let again = |file: &str| files.iter().filter(|(name, _)| name.clean().0 == file).count() > 1;
    let mut numbers: Vec<u32> = files
        .iter()
        .map(|(name, _)| name.clean())
        .filter(|(clean, _)| again(clean))
        .map(|(_, number)| number)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        numbers.push(0);
    }
    let of = |number: u32| {
        let belongs = |(name, _): &&(Name<'_>, &Item)| {
            let (clean, own) = name.clean();
            !again(&clean) || own == number
        };
        let own: Vec<_> = files.iter().filter(belongs).collect();
        let content = own.iter().map(|(name, item)| (name.clean().0, item.path.clone()));
        let (first, item) = own.first()?;
        let who = if first.person == "anon" {
            Who::numbered(&format!("anon {user}"), user)
        } else {
            Who::numbered(&first.person, user)
        };
        let mut piece = Piece::of(&item.name, who, content.collect());
        piece.number = number + 1;
        piece.late = Some(own.iter().any(|(name, _)| name.late));
        piece.hint = Some(label.to_owned());
        Some(piece)
    };
    numbers.into_iter().filter_map(of).collect()
}

#[derive(Clone, Debug)]
struct Name<'a> {
    person: String,
    late: bool,
    user: &'a str,
    file: String,
    /// Whether there is an attachment.
    attached: bool,
}

impl Name<'_> {
    fn is_typed(&self) -> bool {
        !self.attached
    }

    /// The file's name without the number of the attempt, and the number.
    fn clean(&self) -> (String, u32) {
        let (stem, ending) = match self.file.rsplit_once('.') {
            Some((stem, ending)) => (stem, format!(".{ending}")),
            None => (self.file.as_str(), String::new()),
        };
        let number = stem.rsplit_once('-').and_then(|(stem, number)| {
            (number.len() <= 3).then(|| number.parse().ok().map(|number: u32| (stem, number)))?
        });
        match number {
            Some((stem, number)) if !stem.is_empty() => (format!("{stem}{ending}"), number),
            _ => (self.file.clone(), 0),
        }
    }
}

fn parse(text: &str) -> Option<Name<'_>> {
    let parts: Vec<&str> = text.split('_').collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_late = |at: usize| parts.get(at).is_some_and(|part| part.eq_ignore_ascii_case("late"));
    let anonymous = usize::from(is_late(0));
    let user = match parts.get(anonymous) {
        Some(&"anon") => anonymous + 1,
        _ => (1..parts.len()).find(|&at| digits(parts[at]))?,
    };
    let late_before = user > 1 && is_late(user - 1);
    let late_after = is_late(user + 1);
    let person = match parts.get(anonymous) {
        Some(&"anon") => "anon".to_owned(),
        _ => parts[..user - usize::from(late_before)].join("_"),
    };
    let next = user + 1 + usize::from(late_after);
    let attached = parts.get(next).is_some_and(|part| digits(part));
    let file = parts.get(next + usize::from(attached)..)?.join("_");
    let typed = matches!(file.as_str(), "text.html" | "link.html");
    let id = parts.get(user).filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
    let late = late_before || late_after || anonymous == 1 && person == "anon";
    let whole = !person.is_empty() && !id.is_empty() && !file.is_empty();
    (whole && (attached || typed)).then_some(Name { person, late, user: id, file, attached })
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{listing, told};
    use super::*;

    #[test]
    fn late_and_anonymous_ones_are_read() {
        let names = [
            "lovelaceada_1001_2001_lib.rs",
            "baobao_LATE_1002_2002_my_lib_2.rs",
            "chidi_late_1003_2003_lock.zip",
            "anon_1004_2004_lib.rs",
            "anon_1005_LATE_2005_lib.rs",
            "LATE_anon_aB3dE_2006_lib.rs",
            "team_red_1007_2007_lib.rs",
        ];
        let listing = listing("submissions", &names);
        assert!(recognise(&listing).is_some());
        assert_eq!(
            told(&split(&listing, None)),
            [
                "lovelaceada(1001) #1 in time [lib.rs]",
                "baobao(1002) #1 late [my_lib_2.rs]",
                "chidi(1003) #1 late [lock.zip]",
                "anon 1004(1004) #1 in time [lib.rs]",
                "anon 1005(1005) #1 late [lib.rs]",
                "team_red(1007) #1 in time [lib.rs]",
                "anon aB3dE(aB3dE) #1 late [lib.rs]",
            ]
        );
    }

    #[test]
    fn a_group_stands_for_its_members_and_a_person_for_themselves() {
        let roster =
            "student,name,group\nada,Ada Lovelace,Team Red!\nbao,Bao Ng,Team Red!\nc,C D,\n";
        let roster = Roster::parse(roster).unwrap();
        let listing = listing("x", &["teamred_7_70_lib.rs", "dc_LATE_8_80_lib.rs"]);
        let told = told(&split(&listing, Some(&roster)));
        assert_eq!(told, ["ada, bao #1 in time [lib.rs]", "dc(8) #1 late [lib.rs]"]);
    }

    #[test]
    fn what_was_typed_into_a_box_is_said_and_does_not_keep_files_from_being_read() {
        let names = ["ada_1_10_lib.rs", "bao_LATE_2_text.html", "chidi_3_link.html"];
        let listing = listing("x", &names);
        assert!(recognise(&listing).unwrap().starts_with("3 files"));
        let split = split(&listing, None);
        assert_eq!(told(&split), ["ada(1) #1 in time [lib.rs]"]);
        let said: Vec<_> = split.notices.iter().map(|notice| notice.about.as_str()).collect();
        assert_eq!(said, ["bao_LATE_2_text.html", "chidi_3_link.html"]);
    }

    #[test]
    fn numbers_before_the_ending_are_attempts_if_a_name_comes_again() {
        let again = ["ada_1_10_lib.rs", "ada_LATE_1_11_lib-1.rs", "ada_1_12_notes.txt"];
        assert_eq!(
            told(&split(&listing("x", &again), None)),
            ["ada(1) #1 in time [lib.rs notes.txt]", "ada(1) #2 late [lib.rs notes.txt]"]
        );
        let once = ["ada_1_10_lib-3.rs"];
        assert_eq!(told(&split(&listing("x", &once), None)), ["ada(1) #1 in time [lib.rs]"]);
    }

    #[test]
    fn other_names_are_not_taken_for_canvas() {
        for name in ["ada_lib.rs", "ada_1_lib.rs", "_1_2_lib.rs", "ada_1_2_", "ada_1_text.rs"] {
            assert!(recognise(&listing("x", &[name])).is_none(), "{name}");
        }
    }
}
