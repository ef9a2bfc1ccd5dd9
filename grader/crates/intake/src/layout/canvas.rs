//! What Canvas lets teachers download: files called
//! `<name>[_LATE]_<user>_<attachment>_<file>`, or `anon_<id>_...`.
//!
//! The first two names of digits alone are the user and the attachment. Files of one user that
//! are called alike get `-1`, `-2` before the ending: later attempts.

use std::collections::BTreeMap;

use super::{Listing, Split, counted};
use crate::notice::{Kind, Notice};
use crate::piece::{Piece, Who};
use crate::place::{Item, ItemKind};

pub(super) fn recognise(listing: &Listing) -> Option<String> {
    let fits = |item: &&Item| item.kind == ItemKind::File && parse(&item.name).is_some();
    let fitting = listing.items.iter().filter(fits).count();
    let all = fitting > 0 && fitting == listing.items.len();
    all.then(|| format!("{} called <name>_<user>_<attachment>_<file>", counted(fitting, "file")))
}

pub(super) fn split(listing: &Listing) -> Split {
    let mut split = Split::default();
    let mut users: BTreeMap<&str, Vec<(Name<'_>, &Item)>> = BTreeMap::new();
    for item in &listing.items {
        match parse(&item.name).filter(|_| item.kind == ItemKind::File) {
            Some(name) => users.entry(name.user).or_default().push((name, item)),
            None => {
                let says = "is not named as Canvas names submissions";
                split.notices.push(Notice::new(Kind::Unmatched, &item.name, says));
            }
        }
    }
    for (user, files) in users {
        split.pieces.extend(attempts(user, &files, &listing.label));
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
            Who::numbered(first.person, user)
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
    person: &'a str,
    late: bool,
    user: &'a str,
    file: String,
}

impl Name<'_> {
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
    let person = *parts.first().filter(|person| !person.is_empty())?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut numbers = parts.iter().enumerate().skip(1).filter(|(_, part)| digits(part));
    let (first, user) = numbers.next()?;
    let (second, _) = numbers.next()?;
    let late = parts[1..second].iter().any(|part| part.eq_ignore_ascii_case("late"));
    let between = second - first - 1 <= usize::from(late) && first <= 1 + usize::from(late);
    let file = parts[second + 1..].join("_");
    (between && !file.is_empty()).then_some(Name { person, late, user, file })
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
        ];
        let listing = listing("submissions", &names);
        assert!(recognise(&listing).is_some());
        assert_eq!(
            told(&split(&listing)),
            [
                "lovelaceada(1001) #1 in time [lib.rs]",
                "baobao(1002) #1 late [my_lib_2.rs]",
                "chidi(1003) #1 late [lock.zip]",
                "anon 1004(1004) #1 in time [lib.rs]",
                "anon 1005(1005) #1 late [lib.rs]",
            ]
        );
    }

    #[test]
    fn numbers_before_the_ending_are_attempts_if_a_name_comes_again() {
        let again = ["ada_1_10_lib.rs", "ada_LATE_1_11_lib-1.rs", "ada_1_12_notes.txt"];
        assert_eq!(
            told(&split(&listing("x", &again))),
            ["ada(1) #1 in time [lib.rs notes.txt]", "ada(1) #2 late [lib.rs notes.txt]"]
        );
        let once = ["ada_1_10_lib-3.rs"];
        assert_eq!(told(&split(&listing("x", &once))), ["ada(1) #1 in time [lib.rs]"]);
    }

    #[test]
    fn other_names_are_not_taken_for_canvas() {
        for name in ["ada_lib.rs", "ada_1_lib.rs", "_1_2_lib.rs", "ada_1_2_", "a_b_c_1_2_lib.rs"] {
            assert!(recognise(&listing("x", &[name])).is_none(), "{name}");
        }
    }
}
