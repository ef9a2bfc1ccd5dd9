//! Lessons that are built here and graded elsewhere: without cargo, by the same compiler.
//!
//! A bundle is a folder that holds the course file, the exercises, their test binaries and the
//! libraries that submissions are linked with. Paths in its description are relative to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use course::{Course, CourseError, LessonId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::grade::Workshop;
use crate::open::open_to_all;
use crate::prepare::{Explored, Prepared};
use crate::toolchain::Toolchain;

/// The description, in the bundle's folder.
pub const FILE: &str = "bundle.json";

/// The version of its form.
const SCHEMA: &str = "interleave/bundle/v1";

/// Lessons that were built elsewhere.
#[derive(Clone, Debug)]
pub struct Bundle {
    folder: PathBuf,
    contents: Contents,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    schema: String,
    /// As the compiler names itself; no other can read the libraries.
    toolchain: String,
    lessons: BTreeMap<LessonId, Prepared>,
}

/// Why a bundle cannot be made or used.
#[derive(Debug, Error)]
pub enum BundleError {
    /// The file system failed us.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no bundle, or one of another version.
    #[error("cannot understand {path}: {message}; export the lesson again", path = path.display())]
    Contents {
        /// The description.
        path: PathBuf,
        /// What is odd.
        message: String,
    },
    /// Its course file is broken.
    #[error(transparent)]
    Course(#[from] CourseError),
    /// The compiler is another one.
    #[error(
        "the lessons were built by `{wanted}`, and here is `{found}`; install that version, or export again"
    )]
    Toolchain {
        /// Which one built it.
        wanted: String,
        /// Which one is here.
        found: String,
    },
}

impl Bundle {
    /// Puts all that grading the lessons of `workshop` needs into `folder`, the grader excepted.
    ///
    /// `root` is the course's.
    pub fn pack(workshop: &Workshop, root: &Path, folder: &Path) -> Result<Self, BundleError> {
        copy_file(&root.join(course::FILE), &folder.join(course::FILE))?;
        let mut lessons = BTreeMap::new();
        for (id, prepared) in workshop.prepared() {
            let exercise = Path::new("exercises").join(id.as_str());
            copy_folder(&root.join(&exercise), &folder.join(&exercise))?;
            lessons.insert(id.clone(), pack_lesson(id, prepared, root, folder)?);
        }
        let toolchain = workshop.toolchain().version().to_owned();
        let contents = Contents { schema: SCHEMA.to_owned(), toolchain, lessons };
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(&contents).expect("plain data") + "\n";
        fs::write(&path, text).map_err(|source| file_error("write", &path, source))?;
        Ok(Self { folder: folder.to_owned(), contents })
    }

    /// Reads the description of the bundle in `folder`.
    pub fn read(folder: &Path) -> Result<Self, BundleError> {
        let folder = folder.canonicalize().map_err(|source| file_error("find", folder, source))?;
        let path = folder.join(FILE);
        let text = fs::read_to_string(&path).map_err(|source| file_error("read", &path, source))?;
        let odd = |message| BundleError::Contents { path: path.clone(), message };
        let contents: Contents =
            serde_json::from_str(&text).map_err(|error| odd(error.to_string()))?;
        if contents.schema != SCHEMA {
            return Err(odd(format!("it is `{}`, and only `{SCHEMA}` is known", contents.schema)));
        }
        Ok(Self { folder, contents })
    }

    /// Lets every user read it: submissions run as users of their own, and an archive may have
    /// been unpacked for its owner alone.
    pub fn open_to_all(&self) -> Result<(), BundleError> {
        let failed = |source| file_error("let everybody read", &self.folder, source);
        open_to_all(&self.folder).map_err(failed)
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The compiler that built it, as it names itself.
    pub fn toolchain(&self) -> &str {
        &self.contents.toolchain
    }

    /// The course that it is a part of.
    pub fn course(&self) -> Result<Course, BundleError> {
        Ok(course::load(&self.folder)?)
    }

    /// The names of its lessons.
    pub fn ids(&self) -> impl Iterator<Item = &LessonId> {
        self.contents.lessons.keys()
    }

    /// Whether `toolchain` can read its libraries.
    pub(crate) fn check(&self, toolchain: &Toolchain) -> Result<(), BundleError> {
        let (wanted, found) = (self.toolchain().to_owned(), toolchain.version().to_owned());
        match wanted == found {
            true => Ok(()),
            false => Err(BundleError::Toolchain { wanted, found }),
        }
    }

    /// Its lessons, with whole paths.
    pub(crate) fn lessons(&self) -> BTreeMap<LessonId, Prepared> {
        let whole = |path: &Path| self.folder.join(path);
        let lessons = self.contents.lessons.iter();
        lessons.map(|(id, prepared)| (id.clone(), moved(prepared, &whole))).collect()
    }
}

/// `prepared` with each of its paths changed.
fn moved(prepared: &Prepared, to: &impl Fn(&Path) -> PathBuf) -> Prepared {
    let mut prepared = prepared.clone();
    let change = |path: &mut PathBuf| *path = to(path);
    change(&mut prepared.driver);
    change(&mut prepared.libraries);
    prepared.externs.iter_mut().for_each(|library| change(&mut library.library));
    prepared.tests.values_mut().for_each(change);
    if let Some(Explored { source, model, libraries, .. }) = &mut prepared.explored {
        change(source);
        change(&mut model.library);
        change(libraries);
    }
    prepared
}

/// Copies what `prepared` names, the exercise excepted, and returns it with the new paths.
fn pack_lesson(
    id: &LessonId,
    prepared: &Prepared,
    root: &Path,
    folder: &Path,
) -> Result<Prepared, BundleError> {
    let shelf = Path::new("libraries").join(id.as_str());
    copy_folder(&prepared.libraries, &folder.join(&shelf))?;
    let explored = Path::new("libraries").join(format!("{id}-explored"));
    if let Some(explores) = &prepared.explored {
        copy_folder(&explores.libraries, &folder.join(&explored))?;
    }
    let binaries: BTreeSet<&PathBuf> = prepared.tests.values().collect();
    for binary in binaries {
        copy_file(binary, &folder.join("tests").join(name(binary)))?;
    }
    let explores = prepared.explored.as_ref().map(|explored| explored.libraries.as_path());
    let packed = |path: &Path| {
        if let Ok(below) = path.strip_prefix(&prepared.libraries) {
            // Joining nothing would add a separator.
            return if below == Path::new("") { shelf.clone() } else { shelf.join(below) };
        }
        if let Some(Ok(below)) = explores.map(|folder| path.strip_prefix(folder)) {
            return if below == Path::new("") { explored.clone() } else { explored.join(below) };
        }
        match path.strip_prefix(root.join("exercises")) {
            Ok(below) => Path::new("exercises").join(below),
            Err(_) => Path::new("tests").join(name(path)),
        }
    };
    Ok(moved(prepared, &packed))
}

fn name(path: &Path) -> &Path {
    Path::new(path.file_name().unwrap_or_default())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), BundleError> {
    let entries = fs::read_dir(from).map_err(|source| file_error("read", from, source))?;
    fs::create_dir_all(to).map_err(|source| file_error("make", to, source))?;
    for entry in entries {
        let path = entry.map_err(|source| file_error("read", from, source))?.path();
        let to = to.join(name(&path));
        if path.is_dir() { copy_folder(&path, &to)? } else { copy_file(&path, &to)? }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<(), BundleError> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|source| file_error("make", folder, source))?;
    }
    fs::copy(from, to).map_err(|source| file_error("copy", from, source))?;
    Ok(())
}

fn file_error(action: &'static str, path: &Path, source: io::Error) -> BundleError {
    BundleError::File { action, path: path.to_owned(), source }
}
