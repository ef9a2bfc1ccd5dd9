//! What the outcome of a submission depends on besides the submission.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use course::{Lesson, LessonId};
use intake::{BadFile, SourceFile};
use records::{Digest, Hasher};

use crate::grade::Workshop;
use crate::prepare::Prepared;

/// To be counted up when outcomes are stored in another form.
const FORM: &str = "interleave/outcome/v1";

/// For each lesson that stands for its tests and all that they are linked with, the driver,
/// the limits, the compiler, the grader and the walls. Points, titles and hints are no part
/// of it: they turn an outcome into a score, and that is done anew each time.
#[derive(Clone, Debug)]
pub struct Fingerprints(BTreeMap<LessonId, Digest>);

impl Fingerprints {
    /// Reads everything that the lessons of `workshop` depend on.
    pub fn of(workshop: &Workshop) -> io::Result<Self> {
        let mut common = Hasher::default();
        let jail = workshop.jail();
        common.part(FORM).part(workshop.toolchain().version()).part(jail.tier.to_string());
        common.file(workshop.toolchain().rustc())?;
        common.file(jail.keeper.executable())?;
        let files = workshop.prepared().map(|(id, prepared)| Ok((id, files_of(prepared)?)));
        let files: BTreeMap<_, _> = files.collect::<io::Result<_>>()?;
        let contents = contents(files.values().flatten())?;
        let of = |(id, files): (&LessonId, &BTreeSet<PathBuf>)| {
            let digest = lesson_digest(common.clone(), workshop.lesson(id), files, &contents);
            (id.clone(), digest)
        };
        Ok(Self(files.iter().map(|(id, files)| of((id, files))).collect()))
    }

    /// Stands for the outcome of a submission to `lesson` with these files.
    ///
    /// # Panics
    ///
    /// If the workshop was not set up for the lesson.
    pub fn submission(
        &self,
        lesson: &LessonId,
        files: &Result<Vec<SourceFile>, BadFile>,
    ) -> Digest {
        let mut hasher = Hasher::default();
        hasher.part(self.0[lesson].to_string());
        match files {
            Err(bad) => {
                hasher.part("bad").part(bad.to_string());
            }
            Ok(files) => {
                for SourceFile { path, text } in files {
                    hasher.part(path.as_os_str().as_encoded_bytes()).part(text);
                }
            }
        }
        hasher.finish()
    }
}

/// What is in each of the files.
type Contents = BTreeMap<PathBuf, Digest>;

/// Reads a file once, under however many names lessons share it.
fn contents<'a>(names: impl Iterator<Item = &'a PathBuf>) -> io::Result<Contents> {
    let mut files: BTreeMap<(u64, u64), Vec<&PathBuf>> = BTreeMap::new();
    for name in names {
        let file = std::fs::metadata(name)?;
        files.entry((file.dev(), file.ino())).or_default().push(name);
    }
    let (files, next) = (files.into_values().collect::<Vec<_>>(), AtomicUsize::new(0));
    let read = || -> io::Result<Contents> {
        let mut contents = Contents::new();
        while let Some(names) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let digest = Digest::of_file(names[0])?;
            contents.extend(names.iter().map(|&name| (name.clone(), digest)));
        }
        Ok(contents)
    };
    thread::scope(|scope| {
        let readers = thread::available_parallelism().map_or(1, usize::from);
        let reading: Vec<_> = (0..readers).map(|_| scope.spawn(read)).collect();
        let mut all = Contents::new();
        for one in reading {
            all.extend(one.join().expect("reading does not panic")?);
        }
        Ok(all)
    })
}

fn files_of(prepared: &Prepared) -> io::Result<BTreeSet<PathBuf>> {
    let mut files: BTreeSet<PathBuf> = prepared.tests.values().cloned().collect();
    files.insert(prepared.driver.clone());
    if let Some(acts) = prepared.acts() {
        below(&acts, &mut files)?;
    }
    files.extend(prepared.externs.iter().map(|library| library.library.clone()));
    files.extend(
        prepared
            .explored
            .iter()
            .flat_map(|explored| [explored.source.clone(), explored.model.library.clone()]),
    );
    // Snapshots are read when a test runs and are not in its binary.
    // They lie beside the driver's folder, exercises/<lesson>/src.
    if let Some(exercise) = prepared.driver.ancestors().nth(2) {
        below(&exercise.join("tests"), &mut files)?;
    }
    Ok(files)
}

fn lesson_digest(
    mut hasher: Hasher,
    lesson: &Lesson,
    files: &BTreeSet<PathBuf>,
    contents: &Contents,
) -> Digest {
    hasher.part(lesson.id.as_str());
    let terms = (&lesson.limits, lesson.unsafe_code, &lesson.crates, &lesson.files);
    hasher.part(format!("{terms:?}"));
    for test in &lesson.tests {
        hasher.part(test.name.as_str());
    }
    for file in files {
        let name = file.file_name().unwrap_or_default();
        hasher.part(name.as_encoded_bytes()).part(contents[file].to_string());
    }
    hasher.finish()
}

fn below(folder: &Path, files: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            below(&path, files)?;
        } else {
            files.insert(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: &str = "
course: c
title: { en: C, zh: 课 }
units:
  - id: u
    title: { en: U, zh: 单元 }
    lessons:
      - id: lock
        title: { en: Locks, zh: 锁 }
        tests: [{ name: t, points: 1 }]
";

    #[test]
    fn what_the_driver_keeps_in_acts_counts_as_the_driver_does() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("lock/src");
        std::fs::create_dir_all(root.path().join("lock/tests")).unwrap();
        std::fs::create_dir_all(&source).unwrap();
        let driver = source.join("main.rs");
        std::fs::write(&driver, "mod acts;").unwrap();
        let prepared = Prepared {
            crate_name: "lock".to_owned(),
            driver,
            externs: Vec::new(),
            libraries: PathBuf::new(),
            tests: BTreeMap::new(),
            explored: None,
        };
        let course = course::parse(COURSE, Path::new("course.yaml")).unwrap();
        let digest = || {
            let lesson = course.lesson("lock").unwrap();
            let files = files_of(&prepared).unwrap();
            lesson_digest(Hasher::default(), lesson, &files, &contents(files.iter()).unwrap())
        };
        let without = digest();
        std::fs::create_dir(source.join("acts")).unwrap();
        std::fs::write(source.join("acts/mod.rs"), "pub fn first() {}").unwrap();
        let with = digest();
        assert_ne!(with, without);
        std::fs::write(source.join("acts/mod.rs"), "pub fn other() {}").unwrap();
        assert_ne!(digest(), with);
    }
}
