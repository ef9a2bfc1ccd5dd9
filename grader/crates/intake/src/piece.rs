//! What a layout makes of a source: pieces, each one attempt of one student or group.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use course::Moment;

use crate::archive::{self, Bounds, Refusal, Shelf};
use crate::place::{self, Item, ItemKind};

/// One attempt of one student or group, as far as names tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its name in the source, for messages.
    pub(crate) label: String,
    /// Who handed it in; several if they worked together.
    pub(crate) authors: Vec<Who>,
    /// The order among attempts whose times are not known.
    pub(crate) number: u32,
    pub(crate) at: Option<Moment>,
    pub(crate) late: Option<bool>,
    /// What was handed in: files under the names that their authors gave them, or folders,
    /// whose contents stand at the top.
    pub(crate) content: Vec<(String, PathBuf)>,
    /// Words that may say for which lesson it is: the assignment's name.
    pub(crate) hint: Option<String>,
}

impl Piece {
    pub(crate) fn of(label: &str, author: Who, content: Vec<(String, PathBuf)>) -> Self {
        Self {
            label: label.to_owned(),
            authors: vec![author],
            number: 1,
            at: None,
            late: None,
            content,
            hint: None,
        }
    }

    /// The whole folder or file `item` of `author`'s.
    pub(crate) fn item(item: &Item, author: Who) -> Self {
        Self::of(&item.name, author, vec![content(item)])
    }
}

/// A folder stands for what is in it, a file for itself.
pub(crate) fn content(item: &Item) -> (String, PathBuf) {
    let name = if item.kind == ItemKind::Folder { String::new() } else { item.name.clone() };
    (name, item.path.clone())
}

/// What a system says about who handed something in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Who {
    /// A name for people, or the only name there is.
    pub(crate) name: String,
    /// The number under which the system knows them.
    pub(crate) id: Option<String>,
    /// Whether that number is of one assignment, so that a school's numbers are others.
    pub(crate) of_assignment: bool,
    pub(crate) email: Option<String>,
}

impl Who {
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(crate) fn numbered(name: &str, id: &str) -> Self {
        Self { name: name.to_owned(), id: Some(id.to_owned()), ..Self::default() }
    }

    /// A participant of one assignment on Moodle.
    pub(crate) fn participant(name: &str, number: &str) -> Self {
        Self { of_assignment: true, ..Self::numbered(name, number) }
    }
}

/// Everything in a piece, by its path below the piece, archives unpacked.
pub(crate) type Files = BTreeMap<String, Found>;

/// Something in a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) at: PathBuf,
    pub(crate) kind: ItemKind,
}

/// An archive or a folder of a piece that is not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) name: String,
    pub(crate) why: Refusal,
}

/// Things in a piece; a student's edition of a large course has some hundred.
const MOST: usize = 20_000;

/// Folders in folders.
const DEEPEST: usize = 32;

/// Archives in archives, that of the whole class not counted.
const NESTED: usize = 1;

/// Looks through `piece`; its archives are unpacked onto `shelf`.
pub(crate) fn look_through(piece: &Piece, shelf: &mut Shelf) -> (Files, Vec<Refused>) {
    let mut walk = Walk { shelf, files: Files::new(), refused: Vec::new() };
    for (name, path) in &piece.content {
        if name.is_empty() {
            walk.folder("", path, 0, 0);
        } else {
            walk.one(name, path, 0, 0);
        }
    }
    (walk.files, walk.refused)
}

struct Walk<'a> {
    shelf: &'a mut Shelf,
    files: Files,
    refused: Vec<Refused>,
}

impl Walk<'_> {
    fn refuse(&mut self, name: &str, why: Refusal) {
        self.refused.push(Refused { name: name.to_owned(), why });
    }

    fn folder(&mut self, name: &str, path: &Path, depth: usize, nested: usize) {
        let items = match place::list(path) {
            Ok(items) => items,
            Err(error) => return self.refuse(name, Refusal::Unreadable(error.to_string())),
        };
        for item in items {
            if self.files.len() >= MOST || depth >= DEEPEST {
                self.refused.truncate(MOST);
                return self.refuse(name, Refusal::TooMany(MOST as u64));
            }
            let below = if name.is_empty() { item.name } else { format!("{name}/{}", item.name) };
            self.one(&below, &item.path, depth + 1, nested);
        }
    }

    fn one(&mut self, name: &str, path: &Path, depth: usize, nested: usize) {
        let Ok(metadata) = path.symlink_metadata() else { return };
        let kind = match metadata.file_type() {
            kind if kind.is_dir() => ItemKind::Folder,
            kind if kind.is_file() => ItemKind::File,
            kind if kind.is_symlink() => ItemKind::Link,
            _ => ItemKind::Special,
        };
        self.files.insert(name.to_owned(), Found { at: path.to_owned(), kind });
        match kind {
            ItemKind::Folder => self.folder(name, path, depth, nested),
            ItemKind::File => self.archive(name, path, depth, nested),
            ItemKind::Link | ItemKind::Special => {}
        }
    }

    /// Unpacks `path` if it is an archive; what is in it stands under its name without ending.
    fn archive(&mut self, name: &str, path: &Path, depth: usize, nested: usize) {
        if archive::foreign(name) {
            let form = "only zip, tar and tar.gz are read".to_owned();
            return self.refuse(name, Refusal::Unreadable(form));
        }
        let Some(stem) = archive::stem(name) else { return };
        if nested > NESTED {
            return self.refuse(name, Refusal::Nested(name.to_owned()));
        }
        let into = self.shelf.place();
        if let Err(why) = archive::unpack(path, &into, Bounds::STUDENT) {
            _ = std::fs::remove_dir_all(&into);
            return self.refuse(name, why);
        }
        self.files.remove(name);
        self.files.insert(stem.to_owned(), Found { at: into.clone(), kind: ItemKind::Folder });
        self.folder(stem, &into, depth + 1, nested + 1);
    }
}
