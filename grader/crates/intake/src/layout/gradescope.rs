//! Gradescope's export: `submission_metadata.yml`, whose keys are Ruby symbols, and a folder
//! `submission_<id>` for each.

use serde_yaml::Value;

use super::{Listing, Split, counted};
use crate::moment;
use crate::notice::{Kind, Notice};
use crate::piece::{Piece, Who};
use crate::place::{self, ItemKind};

const METADATA: &str = "submission_metadata.yml";

pub(super) fn recognise(listing: &Listing) -> Option<String> {
    listing.item(METADATA)?;
    let folders = listing.folders().filter(|item| item.name.starts_with("submission_")).count();
    Some(format!("{METADATA} and {}", counted(folders, "folder")))
}

pub(super) fn split(listing: &Listing) -> Split {
    let mut split = Split::default();
    let text = place::read_large_text(&listing.folder.join(METADATA));
    let metadata = text.and_then(|text| {
        serde_yaml::from_str::<Value>(&text).map_err(|error| format!("is not understood: {error}"))
    });
    let metadata = match metadata {
        Ok(metadata) => metadata,
        Err(says) => {
            split.notices.push(Notice::new(Kind::Refused, METADATA, says));
            return split;
        }
    };
    for item in listing.items.iter().filter(|item| item.name != METADATA) {
        let entry = metadata.get(&item.name).filter(|_| item.kind == ItemKind::Folder);
        let Some(entry) = entry else {
            let says = format!("{METADATA} says nothing about it");
            split.notices.push(Notice::new(Kind::Unmatched, &item.name, says));
            continue;
        };
        let authors = authors(entry);
        if authors.is_empty() {
            let says = format!("{METADATA} names no submitter");
            split.notices.push(Notice::new(Kind::Unmatched, &item.name, says));
            continue;
        }
        let mut piece = Piece::item(item, Who::default());
        piece.authors = authors;
        piece.at = text_of(entry, ":created_at").as_deref().and_then(moment::parse);
        piece.number = field(entry, ":history")
            .and_then(Value::as_sequence)
            .map_or(1, |earlier| u32::try_from(earlier.len() + 1).unwrap_or(u32::MAX));
        piece.hint = Some(listing.label.clone());
        split.pieces.push(piece);
    }
    split
}

fn authors(entry: &Value) -> Vec<Who> {
    let submitters = field(entry, ":submitters").and_then(Value::as_sequence);
    let who = |value: &Value| {
        let (name, id, email) =
            (text_of(value, ":name"), text_of(value, ":sid"), text_of(value, ":email"));
        let id = id.filter(|id| !id.is_empty());
        let name = name.filter(|name| !name.trim().is_empty());
        let name = name.or_else(|| email.clone()).or_else(|| id.clone())?;
        Some(Who { name, id, email, ..Who::default() })
    };
    submitters.into_iter().flatten().filter_map(who).collect()
}

fn field<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).or_else(|| value.get(key.trim_start_matches(':')))
}

/// A text, or what else stands there, as it was written.
fn text_of(value: &Value, key: &str) -> Option<String> {
    match field(value, key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        // A time of Rails' own kind, which says the same moment several times.
        Value::Tagged(tagged) => text_of(&tagged.value, "utc"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::told;
    use super::*;

    const YAML: &str = "---
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0007'
    :email: ada@example.org
  :created_at: 2025-09-15 20:43:52.129520000 Z
  :score: 3.0
  :status: processed
  :history:
  - :created_at: 2025-09-14 20:43:52.129520000 Z
    :id: 9
submission_12:
  :submitters:
  - :name: Bao
    :sid:
    :email: bao@example.org
  - :name: Chidi
    :sid: 12
    :email: chidi@example.org
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2025-09-16 20:43:52.000000000 Z
    zone: !ruby/object:ActiveSupport::TimeZone
      name: Etc/UTC
    time: 2025-09-16 20:43:52.000000000 Z
";

    #[test]
    fn symbols_groups_times_and_earlier_attempts_are_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(METADATA), YAML).unwrap();
        for name in ["submission_11", "submission_12", "submission_13"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let items = place::list(folder.path()).unwrap();
        let listing = Listing {
            label: "assignment_5_export".to_owned(),
            folder: folder.path().to_owned(),
            items,
        };
        assert_eq!(recognise(&listing).unwrap(), "submission_metadata.yml and 3 folders");
        let split = split(&listing);
        assert_eq!(
            told(&split),
            [
                "Ada Lovelace(0007) #2 at 2025-09-15T20:43:52Z []",
                "Bao, Chidi(12) #1 at 2025-09-16T20:43:52Z []",
            ]
        );
        assert_eq!(split.notices[0].about, "submission_13");
    }
}
