//! Makes the students' edition of a course.
//!
//! It holds the exercises with their visible tests, what those are built from, and
//! the course file; never a solution, a known-wrong submission or a hidden test. What
//! goes in is chosen by what the exercises depend on, so nothing else can slip in.

mod closure;
mod hidden;
mod manifest;
mod readme;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use course::Course;
use thiserror::Error;
use walkdir::WalkDir;

/// Why there is no students' edition.
#[derive(Debug, Error)]
pub enum EditionError {
    /// Cargo does not say which packages the course has.
    #[error("cannot learn the packages of the course from cargo: {0}")]
    Metadata(#[from] cargo_metadata::Error),
    /// A lesson of `course.yaml` is no package.
    #[error("lesson `{0}` has no package exercises/{0}; add it, or take it out of course.yaml")]
    NoPackage(String),
    /// A manifest is not understood.
    #[error("{path}: {source}", path = path.display())]
    Manifest {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: toml_edit::TomlError,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is something where the edition should go.
    #[error("{} is not empty; name a folder that is, or that does not exist", .0.display())]
    NotEmpty(PathBuf),
    /// Hidden and visible tests stand in one file.
    #[error(
        "{path} holds the hidden test `{hidden}` and the visible test `{visible}`; \
         move the hidden one to a file of its own",
        path = path.display()
    )]
    Mixed {
        /// Which file.
        path: PathBuf,
        /// A test that students must not see.
        hidden: String,
        /// A test that they do.
        visible: String,
    },
    /// The hidden tests cannot be cut out of `course.yaml`.
    #[error(
        "cannot take the hidden test `{0}` out of course.yaml; write each test as an item of its own that starts with `- name:`"
    )]
    Course(String),
}

/// A students' edition in memory: the text or bytes of each file, by its path in the edition.
#[derive(Clone, Debug, Default)]
pub struct Edition {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Edition {
    /// The paths of all its files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// Writes it to the folder `to`, which must be empty or not exist; all of it or nothing.
    pub fn write(&self, to: &Path) -> Result<(), EditionError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| EditionError::File { action, path, source }
        };
        if std::fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(EditionError::NotEmpty(to.to_owned()));
        }
        let beside = to.parent().filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside.unwrap_or(Path::new("."));
        std::fs::create_dir_all(beside).map_err(failed("make", beside))?;
        let draft = tempfile::Builder::new().prefix(".edition-").tempdir_in(beside);
        let draft = draft.map_err(failed("make a folder in", beside))?;
        for (path, bytes) in &self.files {
            let path = draft.path().join(path);
            let folder = path.parent().expect("every file is in the edition's folder");
            std::fs::create_dir_all(folder).map_err(failed("make", folder))?;
            std::fs::write(&path, bytes).map_err(failed("write", &path))?;
        }
        if to.exists() {
            std::fs::remove_dir(to).map_err(failed("replace", to))?;
        }
        let draft = draft.keep();
        std::fs::rename(&draft, to).map_err(failed("write", to))?;
        open_to_others(to).map_err(failed("write", to))
    }

    fn put(&mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }
}

/// A temporary folder is its owner's alone; an edition is meant to be handed out.
fn open_to_others(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

/// Reads the students' edition out of the course at `root`.
pub fn read(root: &Path, course: &Course) -> Result<Edition, EditionError> {
    let packages = closure::of(root, course)?;
    let mut edition = Edition::default();
    for name in ["Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT", "rustfmt.toml", "clippy.toml"] {
        if root.join(name).is_file() {
            edition.put(name, bytes_of(&root.join(name))?);
        }
    }
    edition.put(".gitignore", "/target/\n");
    edition.put("README.md", readme::render(course));
    edition.put(course::FILE, hidden::course_file(&text_of(&root.join(course::FILE))?, course)?);
    let manifest = root.join("Cargo.toml");
    let workspace = manifest::workspace(&text_of(&manifest)?, &packages, root);
    let workspace =
        workspace.map_err(|source| EditionError::Manifest { path: manifest, source })?;
    edition.put("Cargo.toml", workspace);
    for lesson in course.lessons() {
        exercise(root, lesson, &mut edition)?;
    }
    for folder in &packages.support {
        support(root, folder, &mut edition)?;
    }
    Ok(edition)
}

/// Everything of an exercise but its hidden tests.
fn exercise(
    root: &Path,
    lesson: &course::Lesson,
    edition: &mut Edition,
) -> Result<(), EditionError> {
    let folder = root.join("exercises").join(lesson.id.as_str());
    let withheld = hidden::targets(&folder, lesson)?;
    for path in files_in(&folder, &["target"])? {
        let inside = path.strip_prefix(&folder).expect("the walk starts there");
        if !withheld.iter().any(|target| target.owns(inside)) {
            edition.put(
                Path::new("exercises").join(lesson.id.as_str()).join(inside),
                bytes_of(&path)?,
            );
        }
    }
    Ok(())
}

/// A package that exercises are built from, without its own tests.
fn support(root: &Path, folder: &Path, edition: &mut Edition) -> Result<(), EditionError> {
    for path in files_in(folder, &["target", "tests", "benches", "examples"])? {
        let inside = path.strip_prefix(root).expect("every package is in the course");
        let bytes = if path == folder.join("Cargo.toml") {
            let text = manifest::support(&text_of(&path)?);
            text.map_err(|source| EditionError::Manifest { path: path.clone(), source })?.into()
        } else {
            bytes_of(&path)?
        };
        edition.put(inside, bytes);
    }
    Ok(())
}

/// The ordinary files below `folder`, sorted, without what lies in its direct subfolders `but`.
fn files_in(folder: &Path, but: &[&str]) -> Result<Vec<PathBuf>, EditionError> {
    let walk = WalkDir::new(folder).sort_by_file_name().into_iter();
    let walk = walk.filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        let left_out = entry.depth() == 1 && but.contains(&name.as_ref());
        !left_out && (entry.depth() == 0 || !name.starts_with('.'))
    });
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|error| EditionError::File {
            action: "read",
            path: error.path().unwrap_or(folder).to_owned(),
            source: error.into(),
        })?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, EditionError> {
    let failed = |source| EditionError::File { action: "read", path: path.to_owned(), source };
    std::fs::read(path).map_err(failed)
}

fn text_of(path: &Path) -> Result<String, EditionError> {
    let failed = |source| EditionError::File { action: "read", path: path.to_owned(), source };
    std::fs::read_to_string(path).map_err(failed)
}
