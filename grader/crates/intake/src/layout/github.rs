//! Clones of repositories: `<slug>-submissions/<slug>-<username>`.
//!
//! Slugs and usernames both hold hyphens, so the roster says where one ends; without it the
//! folder's own name says the slug.

use super::{Listing, Split, counted};
use crate::notice::{Kind, Notice};
use crate::piece::{Piece, Who};
use crate::roster::Roster;

const ENDING: &str = "-submissions";

pub(super) fn recognise(listing: &Listing) -> Option<String> {
    let slug = listing.label.strip_suffix(ENDING)?;
    let prefix = format!("{slug}-");
    let fitting = listing.folders().filter(|item| item.name.starts_with(&prefix)).count();
    let all = fitting > 0 && fitting == listing.folders().count();
    all.then(|| format!("{} called {prefix}<username>", counted(fitting, "folder")))
}

pub(super) fn split(listing: &Listing, roster: Option<&Roster>) -> Split {
    let mut split = Split::default();
    let slug = listing.label.strip_suffix(ENDING);
    for item in listing.folders() {
        let after_slug = slug.and_then(|slug| item.name.strip_prefix(slug)?.strip_prefix('-'));
        let known = roster.map(|roster| roster.usernames_ending(&item.name)).unwrap_or_default();
        let username = match (known.as_slice(), after_slug) {
            // The longest: `lock-bob` ends in `-bob`, whatever `b` is called.
            ([longest, ..], _) => longest.clone(),
            ([], Some(after)) => after.to_owned(),
            ([], None) => {
                let says = "does not end in a username of the roster; name the folder \
                            <slug>-submissions, or give --roster with a column `github`";
                split.notices.push(Notice::new(Kind::Ambiguous, &item.name, says));
                continue;
            }
        };
        let mut piece = Piece::item(item, Who::named(&username));
        piece.hint = Some(slug.unwrap_or(&item.name).to_owned());
        split.pieces.push(piece);
    }
    split
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{listing, told};
    use super::*;

    #[test]
    fn without_a_roster_the_folder_says_the_slug() {
        let listing =
            listing("week-3-lock-submissions", &["week-3-lock-ada-l/", "week-3-lock-bob/"]);
        assert!(recognise(&listing).is_some());
        assert_eq!(told(&split(&listing, None)), ["ada-l #1 []", "bob #1 []"]);
    }

    #[test]
    fn with_a_roster_the_longest_username_counts() {
        let roster = Roster::parse("student,github\nb,bob\nab,alice-bob\nc,Carol-9\n").unwrap();
        let names = ["hw-alice-bob/", "hw-bob/", "hw-carol-9/", "hw-nobody/"];
        let split = split(&listing("clones", &names), Some(&roster));
        assert_eq!(told(&split), ["alice-bob #1 []", "bob #1 []", "Carol-9 #1 []"]);
        assert_eq!(split.notices[0].about, "hw-nobody");
    }
}
