//! Takes out of an archive what can be a submission.
//!
//! An archive is refused whole if it holds what no honest one holds; nothing outside of the
//! folder that it is unpacked into is ever written, whatever its names say. Only files that
//! somebody will look at are written, and of those no more than the reader of submissions
//! would read. The rest is counted and passed over.

mod tar;
mod zip;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use temporary::Temporary;
use thiserror::Error;

use crate::entry_path::EntryPath;
use crate::submission::FILE_SIZE;

/// Why an archive was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A name with `..` in it.
    #[error("it holds the path `{0}`, which leads out of it")]
    Traversal(String),
    /// A name that starts at the root or with a drive.
    #[error("it holds the absolute path `{0}`")]
    Absolute(String),
    /// A name that is a path on some systems and none on others.
    #[error("it holds the name `{0}` with a backslash")]
    Backslash(String),
    /// A name with characters that control a terminal or turn the direction of writing.
    #[error("it holds the name `{0}` with characters that do not show")]
    HarmfulName(String),
    /// A name too long or too deep for any file system.
    #[error("it holds a path that is too long: `{0}...`")]
    LongName(String),
    /// A symbolic or hard link.
    #[error("it holds the link `{0}`; hand in the files themselves")]
    Link(String),
    /// A device, a pipe or a socket.
    #[error("it holds `{0}`, which is no ordinary file")]
    Special(String),
    /// One name twice.
    #[error("it holds `{0}` twice")]
    Twice(String),
    /// Two names that are one on many systems.
    #[error("it holds `{0}` and `{1}`, which are the same file on many systems")]
    Collision(String, String),
    /// An encrypted entry.
    #[error("`{0}` in it is encrypted")]
    Encrypted(String),
    /// Too many entries.
    #[error("it holds more than {0} files; leave out what the compiler made (target/)")]
    TooMany(u64),
    /// It would grow too much.
    #[error("it unpacks to more than {} MiB; leave out what the compiler made (target/)", .0 >> 20)]
    TooLarge(u64),
    /// The archive's own size.
    #[error("it has more than {} MiB; leave out what the compiler made (target/)", .0 >> 20)]
    TooLargeItself(u64),
    /// An archive in an archive in an archive.
    #[error("`{0}` is an archive in an archive in an archive; hand in the files themselves")]
    Nested(String),
    /// It is broken, or of a kind that is not read.
    #[error("it cannot be read ({0}); make a new one")]
    Unreadable(String),
}

/// The bounds within which an archive is unpacked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Entries, folders included.
    entries: u64,
    /// Bytes of the archive itself.
    size: u64,
    /// Bytes of all that is written.
    written: u64,
    /// Bytes that a compressed stream may inflate to, passed over or not.
    inflated: u64,
    /// Whether what one student called something in it is held against that student alone.
    apart: bool,
}

impl Bounds {
    /// An archive that holds the work of a whole class.
    pub(crate) const CLASS: Self = Self {
        entries: 2_000_000,
        size: 64 << 30,
        written: 64 << 30,
        inflated: 256 << 30,
        apart: true,
    };
    /// An archive that a student made.
    pub(crate) const STUDENT: Self = Self {
        entries: 20_000,
        size: 64 << 20,
        written: 32 << 20,
        inflated: 128 << 20,
        apart: false,
    };
}

/// The kinds of archive that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Zip,
    Tar,
    TarGz,
}

/// The form that the name of a file promises.
fn form_of(name: &str) -> Option<Form> {
    let lower = name.to_ascii_lowercase();
    let forms =
        [(".zip", Form::Zip), (".tar", Form::Tar), (".tar.gz", Form::TarGz), (".tgz", Form::TarGz)];
    forms.into_iter().find(|(ending, _)| lower.ends_with(ending)).map(|(_, form)| form)
}

/// The name of an archive without its ending; none if it is no archive.
pub(crate) fn stem(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let ending =
        [".zip", ".tar.gz", ".tgz", ".tar"].into_iter().find(|ending| lower.ends_with(ending))?;
    Some(&name[..name.len() - ending.len()])
}

/// Kinds of archive that students hand in and that are not read.
pub(crate) fn foreign(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [".rar", ".7z", ".tar.xz", ".tar.bz2", ".tar.zst", ".gz"]
        .into_iter()
        .any(|ending| lower.ends_with(ending) && form_of(name).is_none())
}

/// Something at the top of a class's archive that was not unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Aside {
    pub(crate) name: String,
    pub(crate) is_folder: bool,
    pub(crate) why: Refusal,
}

/// Unpacks the archive at `path` into the new folder `into`. Returns what was left out of a
/// class's.
pub(crate) fn unpack(path: &Path, into: &Path, bounds: Bounds) -> Result<Vec<Aside>, Refusal> {
    let form = path.file_name().and_then(|name| form_of(&name.to_string_lossy()));
    let form = form.ok_or_else(|| Refusal::Unreadable("no zip, tar or tar.gz".to_owned()))?;
    let file = crate::place::open(path).map_err(Refusal::Unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    if size > bounds.size {
        return Err(Refusal::TooLargeItself(bounds.size));
    }
    std::fs::create_dir_all(into).map_err(unreadable)?;
    let mut desk = Desk {
        into,
        bounds,
        written: 0,
        entries: 0,
        names: HashMap::new(),
        aside: BTreeMap::new(),
    };
    match form {
        Form::Zip => zip::unpack(file, &mut desk),
        Form::Tar => tar::unpack(file, &mut desk),
        Form::TarGz => {
            let inflated = flate2::read::MultiGzDecoder::new(io::BufReader::new(file));
            let (left, most) = (bounds.inflated, bounds.inflated);
            tar::unpack(Bounded { inner: inflated, left, most }, &mut desk)
        }
    }?;
    let aside: Vec<Aside> = desk.aside.into_values().collect();
    match aside.first() {
        Some(first) if crate::place::list(into).map_err(unreadable)?.is_empty() => {
            Err(first.why.clone())
        }
        _ => Ok(aside),
    }
}

fn unreadable(error: io::Error) -> Refusal {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Flood>()) {
        Some(Flood(most)) => Refusal::TooLarge(*most),
        None => Refusal::Unreadable(error.to_string()),
    }
}

/// Where one archive is unpacked.
struct Desk<'a> {
    into: &'a Path,
    bounds: Bounds,
    written: u64,
    entries: u64,
    /// The paths so far as a careless file system sees them, and whether each is a folder.
    names: HashMap<String, (EntryPath, Type)>,
    /// What is left out, by its name at the top.
    aside: BTreeMap<String, Aside>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Folder,
    File,
}

impl Desk<'_> {
    /// The name of an entry as it is read. In a class's archive the marks with which names from
    /// right to left are written do no harm at the top: the system took them from a person.
    fn named(&self, name: &str) -> String {
        if !self.bounds.apart {
            return name.to_owned();
        }
        let name = name.trim_start_matches("./");
        let (top, below) = name.split_at(name.find('/').unwrap_or(name.len()));
        let top = top.replace(['\u{61c}', '\u{200e}', '\u{200f}'], "");
        format!("{top}{below}")
    }

    /// Whether the entry called `name` belongs to what is left out.
    fn is_aside(&self, name: &str) -> bool {
        self.aside.contains_key(top(name))
    }

    /// Leaves out what is at the top of the entry called `name`, if it is for a name that a
    /// student may have chosen and systems pass on; else hands back why.
    fn leave_out(&mut self, name: &str, why: Refusal) -> Result<(), Refusal> {
        let tops = match &why {
            _ if !self.bounds.apart => return Err(why),
            Refusal::Collision(a, b) => vec![top(a).to_owned(), top(b).to_owned()],
            Refusal::HarmfulName(_) | Refusal::LongName(_) => vec![top(name).to_owned()],
            _ => return Err(why),
        };
        for top in tops {
            match EntryPath::parse(&top) {
                Ok(Some(path)) => remove(&path.below(self.into)).map_err(unreadable)?,
                Err(Refusal::HarmfulName(_) | Refusal::LongName(_)) => {}
                Ok(None) | Err(_) => return Err(why),
            }
            let is_folder = name.len() > top.len();
            let aside = Aside { name: top.clone(), is_folder, why: why.clone() };
            self.aside.entry(top).or_insert(aside);
        }
        Ok(())
    }

    /// Counts an entry.
    fn count(&mut self) -> Result<(), Refusal> {
        self.entries += 1;
        match self.entries > self.bounds.entries {
            true => Err(Refusal::TooMany(self.bounds.entries)),
            false => Ok(()),
        }
    }

    /// Notes the name of an entry and those of the folders above it.
    fn note(&mut self, path: &EntryPath, kind: Type) -> Result<(), Refusal> {
        let parts = path.parts();
        for end in 1..parts.len() {
            let above = parts[..end].join("/");
            if let Some(above) = EntryPath::parse(&above)? {
                self.note_one(above, Type::Folder)?;
            }
        }
        self.note_one(path.clone(), kind)
    }

    fn note_one(&mut self, path: EntryPath, kind: Type) -> Result<(), Refusal> {
        let key = path.folded();
        match self.names.get(&key) {
            None => {
                self.names.insert(key, (path, kind));
                Ok(())
            }
            Some((before, _)) if *before != path => {
                Err(Refusal::Collision(before.to_string(), path.to_string()))
            }
            Some((_, Type::Folder)) if kind == Type::Folder => Ok(()),
            Some(_) => Err(Refusal::Twice(path.to_string())),
        }
    }

    fn folder(&mut self, path: &EntryPath) -> Result<(), Refusal> {
        self.note(path, Type::Folder)?;
        if is_passed_over(path) {
            return Ok(());
        }
        std::fs::create_dir_all(path.below(self.into)).map_err(unreadable)
    }

    /// Writes a file, or passes it over.
    fn file(&mut self, path: &EntryPath, from: &mut dyn Read) -> Result<(), Refusal> {
        self.note(path, Type::File)?;
        let name = path.parts().last().map_or("", String::as_str);
        let most = match is_passed_over(path) {
            true => return Ok(()),
            false if form_of(name).is_some() => Bounds::STUDENT.size,
            false if name == METADATA => METADATA_SIZE,
            false if name.ends_with(".rs") || is_told(name) => FILE_SIZE,
            // What stands there matters, and not what is in it.
            false => 0,
        };
        let to = path.below(self.into);
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(unreadable)?;
        }
        let mut file = File::create_new(&to).map_err(unreadable)?;
        if most > 0 {
            // A byte more than is read later, so that what is too large is seen to be.
            self.written += io::copy(&mut from.take(most + 1), &mut file).map_err(unreadable)?;
        }
        match self.written > self.bounds.written {
            true => Err(Refusal::TooLarge(self.bounds.written)),
            false => Ok(()),
        }
    }
}

fn top(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

fn remove(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

/// Files of the systems' own, that say who handed in what and when.
fn is_told(name: &str) -> bool {
    name.ends_with(".txt")
}

/// Gradescope's account of an export, which grows with the class.
const METADATA: &str = "submission_metadata.yml";
const METADATA_SIZE: u64 = 64 << 20;

/// Folders of which nothing is ever graded.
pub(crate) fn is_ignored(name: &str) -> bool {
    matches!(name, "target" | "__MACOSX" | ".git" | ".DS_Store" | "node_modules" | "Thumbs.db")
        || name.starts_with("._")
}

fn is_passed_over(path: &EntryPath) -> bool {
    path.parts().iter().any(|part| is_ignored(part))
}

/// A stream that fails once more than so many bytes came out of it.
struct Bounded<R> {
    inner: R,
    left: u64,
    most: u64,
}

#[derive(Debug, Error)]
#[error("it unpacks to more than {0} bytes")]
struct Flood(u64);

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.checked_sub(read as u64);
        self.left = left.ok_or_else(|| io::Error::other(Flood(self.most)))?;
        Ok(read)
    }
}

/// A folder for what is unpacked: counted up, so that no name of a student's is in its path.
pub(crate) struct Shelf {
    folder: Temporary,
    next: u64,
}

impl Shelf {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { folder: Temporary::new(0o700)?, next: 0 })
    }

    /// A new place on it; not yet there.
    pub(crate) fn place(&mut self) -> PathBuf {
        self.next += 1;
        self.folder.path().join(self.next.to_string())
    }
}

#[cfg(test)]
mod tests;
