//! Opens a source and finds out how its names are to be read.

use std::path::Path;

use course::Lesson;

use crate::archive::{self, Aside, Bounds, Shelf};
use crate::collect::IntakeError;
use crate::layout::{Layout, Listing};
use crate::place::{self, Item, ItemKind};

/// A source whose layout is known.
pub(crate) struct Source {
    pub(crate) listing: Listing,
    pub(crate) layout: Layout,
    /// Why it is taken for that.
    pub(crate) why: String,
    /// What of an archive was not unpacked.
    pub(crate) aside: Vec<Aside>,
}

impl Source {
    /// What was not unpacked, as it would stand in the listing.
    pub(crate) fn listing_aside(&self) -> Listing {
        let item = |aside: &Aside| Item {
            name: aside.name.clone(),
            path: self.listing.folder.join(&aside.name),
            kind: if aside.is_folder { ItemKind::Folder } else { ItemKind::File },
        };
        Listing { items: self.aside.iter().map(item).collect(), ..self.listing.clone() }
    }
}

/// Opens the folder or archive at `path`.
pub(crate) fn open(
    path: &Path,
    asked: Option<Layout>,
    lessons: &[&Lesson],
    shelf: &mut Shelf,
) -> Result<Source, IntakeError> {
    let read = |source| IntakeError::Read { path: path.to_owned(), source };
    let whole = path.canonicalize().map_err(read)?;
    let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (listing, aside) = if whole.is_dir() {
        (list(&name, &whole).map_err(read)?, Vec::new())
    } else {
        let Some(stem) = archive::stem(&name) else {
            return Err(IntakeError::Form { path: path.to_owned() });
        };
        let into = shelf.place();
        let unpacked = archive::unpack(&whole, &into, Bounds::CLASS);
        let aside = unpacked.map_err(|why| IntakeError::Archive { path: path.to_owned(), why })?;
        (list(stem, &into).map_err(read)?, aside)
    };
    Ok(Source { aside, ..settle(path, listing, asked, lessons)? })
}

fn list(label: &str, folder: &Path) -> std::io::Result<Listing> {
    let items = place::list(folder)?;
    Ok(Listing { label: label.to_owned(), folder: folder.to_owned(), items })
}

/// How many folders that hold nothing but one folder are gone into.
const WRAPPED: usize = 2;

fn settle(
    path: &Path,
    listing: Listing,
    asked: Option<Layout>,
    lessons: &[&Lesson],
) -> Result<Source, IntakeError> {
    let mut levels = vec![listing];
    while let Some(inner) = levels.last().filter(|_| levels.len() <= WRAPPED).and_then(inside) {
        levels.push(inner);
    }
    for listing in &levels {
        let special = Layout::ALL.into_iter().filter(|layout| *layout != Layout::Plain);
        let special = special.filter(|layout| asked.is_none_or(|asked| asked == *layout));
        let fitting: Vec<(Layout, String)> =
            special.filter_map(|layout| Some((layout, layout.recognise(listing)?))).collect();
        match fitting.as_slice() {
            [] => {}
            [(layout, why)] => {
                let (layout, why) = (*layout, why.clone());
                return Ok(Source { listing: listing.clone(), layout, why, aside: Vec::new() });
            }
            [(a, _), (b, _), ..] => {
                let (path, a, b) = (path.to_owned(), *a, *b);
                return Err(IntakeError::Layouts { path, a, b });
            }
        }
    }
    if let Some(layout) = asked.filter(|layout| *layout != Layout::Plain) {
        let listing = levels.swap_remove(0);
        return Ok(Source { listing, layout, why: "as asked".to_owned(), aside: Vec::new() });
    }
    // A folder around the students' is gone into, a student's own is not.
    let with_lessons = levels.iter().position(|listing| has_lessons(listing, lessons));
    let with_many = || levels.iter().position(|listing| folders(listing).count() > 1);
    let listing = levels.swap_remove(with_lessons.or_else(with_many).unwrap_or(0));
    let why = Layout::Plain.recognise(&listing).unwrap_or_else(|| "nothing else fits".to_owned());
    Ok(Source { listing, layout: Layout::Plain, why, aside: Vec::new() })
}

/// What is in the one folder of `listing`, if that is all there is.
fn inside(listing: &Listing) -> Option<Listing> {
    let [item] = listing.items.as_slice() else { return None };
    if item.kind != ItemKind::Folder {
        return None;
    }
    list(&item.name, &item.path).ok()
}

fn folders(listing: &Listing) -> impl Iterator<Item = &Item> {
    listing.items.iter().filter(|item| item.kind == ItemKind::Folder)
}

/// Whether one of the folders looks like a student's.
fn has_lessons(listing: &Listing, lessons: &[&Lesson]) -> bool {
    let is_lesson = |item: &Item| {
        let stem = archive::stem(&item.name).unwrap_or(&item.name);
        stem == "exercises" || lessons.iter().any(|lesson| lesson.id.as_str() == stem)
    };
    folders(listing)
        .filter_map(|folder| place::list(&folder.path).ok())
        .any(|items| items.iter().any(is_lesson))
}
