use std::path::{Path, PathBuf};

use course::{Lesson, LessonId, Moment};
use thiserror::Error;

use crate::place;
use crate::student::StudentName;

/// Bytes that one file of a submission may have.
pub const FILE_SIZE: u64 = 1 << 20;

/// What one student handed in for one lesson, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Whose it is.
    pub student: StudentName,
    /// The lesson that it is for.
    pub lesson: LessonId,
    /// Which of the student's attempts it is.
    pub attempt: Attempt,
    /// Where the lesson's files are, in its order, or what is wrong with one of them.
    pub files: Result<Vec<FileAt>, BadFile>,
}

/// One of a student's attempts at a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// From 1, in the order in which they were handed in.
    pub number: u32,
    /// When it was handed in, if that is known.
    pub at: Option<Moment>,
    /// Whether it is marked as late; none if nothing says so.
    pub late: Option<bool>,
}

impl Default for Attempt {
    fn default() -> Self {
        Self { number: 1, at: None, late: None }
    }
}

/// A file that a student handed in, and where it lies now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAt {
    /// Where it belongs in the exercise: `src/lib.rs`.
    pub path: PathBuf,
    /// Where it is.
    pub at: Place,
}

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On disk.
    Disk(PathBuf),
    /// Here; this is its text.
    Here(String),
}

/// One file that a student handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it belongs in the exercise: `src/lib.rs`.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// A file that cannot be graded, and why: the student's fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{path}: {problem}")]
pub struct BadFile {
    /// The file that the lesson names, or what was handed in in its place.
    pub path: String,
    /// What is wrong with it, for its author.
    pub problem: String,
}

impl BadFile {
    pub(crate) fn new(path: impl ToString, problem: impl Into<String>) -> Self {
        Self { path: path.to_string(), problem: problem.into() }
    }
}

impl Submission {
    /// Reads the files. A class does not fit into memory, one submission does.
    pub fn read(&self) -> Result<Vec<SourceFile>, BadFile> {
        let files = self.files.as_ref().map_err(Clone::clone)?;
        files.iter().map(FileAt::read).collect()
    }
}

impl FileAt {
    /// The bytes, or what is wrong with the file.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, String> {
        match &self.at {
            Place::Disk(path) => place::read_bytes(path),
            Place::Here(text) => Ok(text.clone().into_bytes()),
        }
    }

    fn read(&self) -> Result<SourceFile, BadFile> {
        let text = match &self.at {
            Place::Disk(path) => place::read_text(path),
            Place::Here(text) => Ok(text.clone()),
        };
        let text = text.map_err(|problem| BadFile::new(self.path.display(), problem))?;
        Ok(SourceFile { path: self.path.clone(), text })
    }
}

/// Finds the files that `lesson` names in the exercise folder `place`.
///
/// `src/lib.rs` may also lie at the top as `lib.rs`.
pub fn find_files(place: &Path, lesson: &Lesson) -> Result<Vec<FileAt>, BadFile> {
    lesson.files.iter().map(|file| find_file(place, file.as_path())).collect()
}

fn find_file(place: &Path, path: &Path) -> Result<FileAt, BadFile> {
    let bad = |problem: &str| BadFile::new(path.display(), problem);
    let flat = path.file_name().map(|name| place.join(name));
    let whole = place.join(path);
    let found = if exists(&whole) { Some(whole) } else { flat.filter(|flat| exists(flat)) };
    let Some(at) = found else {
        return Err(bad("was not handed in"));
    };
    // Every folder on the way down from the place has to be one itself.
    let below = at.strip_prefix(place).unwrap_or(&at).parent().map(Path::ancestors);
    let mut folders = below.into_iter().flatten().map(|folder| place.join(folder));
    if !folders.all(|folder| place::is_real_folder(&folder)) {
        return Err(bad("lies behind a link; hand in the file itself"));
    }
    Ok(FileAt { path: path.to_owned(), at: Place::Disk(at) })
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
