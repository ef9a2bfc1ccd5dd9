//! Which files of a piece are for which lesson: by rule, by path, by name or by content.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use course::{Lesson, LessonId};

use crate::archive::is_ignored;
use crate::map::Map;
use crate::notice::{Kind, Notice};
use crate::piece::{Files, Piece, Refused};
use crate::place::{self, ItemKind};
use crate::submission::{BadFile, FileAt, Place};

/// A lesson and what is known of it before anything is handed in.
pub(crate) struct Known<'a> {
    pub(crate) lesson: &'a Lesson,
    /// Whether it is to be graded; the others are known so that nothing is taken for it.
    asked: bool,
    /// The file from which students start.
    stub: Vec<u8>,
    /// The names of the public items in it.
    items: BTreeSet<String>,
    /// Words by which an assignment may be called: the id and the titles.
    words: Vec<String>,
}

impl<'a> Known<'a> {
    /// Reads the lesson's stub in the course at `root`; without one it knows nothing of contents.
    pub(crate) fn new(root: &Path, lesson: &'a Lesson, asked: bool) -> Self {
        let folder = root.join("exercises").join(lesson.id.as_str());
        let stub = lesson.files.first().map(|file| folder.join(file.as_path()));
        let stub = stub.and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
        let title =
            [course::Language::En, course::Language::Zh].map(|tongue| lesson.title.get(tongue));
        let words = title.into_iter().chain([lesson.id.as_str()]).map(spell).collect();
        let items = items(&String::from_utf8_lossy(&stub));
        Self { lesson, asked, items, stub, words }
    }
}

/// What was found in a piece.
#[derive(Debug, Default)]
pub(crate) struct Assigned {
    pub(crate) lessons: Vec<(LessonId, Result<Vec<FileAt>, BadFile>)>,
    pub(crate) notices: Vec<Notice>,
}

/// One way to read a lesson out of a piece.
#[derive(Clone, Debug)]
struct Candidate {
    /// The file or folder, for messages.
    name: String,
    files: Result<Vec<FileAt>, BadFile>,
    /// None of the lesson's files is there.
    empty: bool,
}

/// Assigns what is in `piece` to `known` lessons: all of the course, of which some are asked for.
pub(crate) fn assign(
    piece: &Piece,
    files: &Files,
    refused: &[Refused],
    known: &[Known<'_>],
    maps: &[Map],
) -> Assigned {
    let search = Search { piece, files, known, maps };
    let mut candidates: BTreeMap<usize, Vec<Candidate>> = BTreeMap::new();
    let mut assigned = Assigned::default();
    let mapped = search.by_rule(&mut candidates);
    search.by_path(&mut candidates);
    search.by_file(&mapped, &mut candidates, &mut assigned.notices);

    // Work on a lesson that was not asked for is no reason to say anything.
    let known_work = !candidates.is_empty();
    let mut open: Vec<&Refused> = refused.iter().collect();
    for (index, lesson) in known.iter().enumerate().filter(|(_, known)| known.asked) {
        let found = candidates.remove(&index).unwrap_or_default();
        let of_this = |refused: &Refused| {
            let stem = crate::archive::stem(&refused.name).unwrap_or(&refused.name);
            search.is_promised(index)
                || stem.rsplit('/').next().and_then(|stem| search.named(stem)) == Some(index)
        };
        let bad = open.iter().position(|refused| of_this(refused));
        match search.settle(lesson, found) {
            Ok(Some(files)) => assigned.lessons.push((lesson.lesson.id.clone(), files)),
            Ok(None) => {
                let files = match bad {
                    Some(bad) => {
                        let bad = open.remove(bad);
                        Err(BadFile::new(&bad.name, bad.why.to_string()))
                    }
                    None if search.is_promised(index) => {
                        let file = lesson.lesson.files.first().map(|file| file.as_path());
                        let file = file.unwrap_or(Path::new("")).display().to_string();
                        let instead = search.instead();
                        assigned.notices.push(Notice::new(
                            Kind::Remark,
                            &piece.label,
                            format!("counts as handed in without {file}; {instead}"),
                        ));
                        Err(BadFile::new(file, format!("was not handed in; {instead}")))
                    }
                    None => continue,
                };
                assigned.lessons.push((lesson.lesson.id.clone(), files));
            }
            Err(notice) => assigned.notices.push(notice),
        }
    }
    for refused in open {
        let about = format!("{}/{}", piece.label, refused.name);
        let notice =
            Notice::new(Kind::Refused, about.trim_end_matches('/'), refused.why.to_string());
        assigned.notices.push(notice);
    }
    if assigned.lessons.is_empty() && assigned.notices.is_empty() && !known_work {
        let says = format!("holds nothing that fits a lesson; {}", search.instead());
        assigned.notices.push(Notice::new(Kind::Unmatched, &piece.label, says));
    }
    assigned
}

struct Search<'a> {
    piece: &'a Piece,
    files: &'a Files,
    known: &'a [Known<'a>],
    maps: &'a [Map],
}

impl Search<'_> {
    /// Files that a rule of the instructor's names. Returns all of them.
    fn by_rule(&self, candidates: &mut BTreeMap<usize, Vec<Candidate>>) -> BTreeSet<String> {
        let mut mapped = BTreeSet::new();
        for (name, found) in self.files.iter().filter(|(_, found)| found.kind != ItemKind::Folder) {
            let path = format!("{}/{name}", self.piece.label);
            let Some(map) = self.maps.iter().find(|map| map.fits(&path)) else { continue };
            mapped.insert(name.clone());
            let index = self.known.iter().position(|known| known.lesson.id == map.lesson);
            if let (Some(index), true) = (index, found.kind == ItemKind::File) {
                let candidate = self.file(name, self.known[index].lesson);
                candidates.entry(index).or_default().push(candidate);
            }
        }
        mapped
    }

    /// Folders called as a lesson is.
    fn by_path(&self, candidates: &mut BTreeMap<usize, Vec<Candidate>>) {
        for (name, _) in self.files.iter().filter(|(_, found)| found.kind == ItemKind::Folder) {
            let (above, last) = name.rsplit_once('/').unwrap_or(("", name));
            let index = self.known.iter().position(|known| known.lesson.id.as_str() == last);
            let Some(index) = index.filter(|_| !is_aside(above)) else { continue };
            let candidate = self.folder(name, self.known[index].lesson);
            let untouched = above.rsplit('/').next() == Some("exercises")
                && self.is_stub(&candidate, &self.known[index]);
            if !untouched {
                candidates.entry(index).or_default().push(candidate);
            }
        }
    }

    /// Files that stand for a lesson by their name, by what the assignment is called, by what
    /// is in them, or because only one lesson was asked for.
    fn by_file(
        &self,
        mapped: &BTreeSet<String>,
        candidates: &mut BTreeMap<usize, Vec<Candidate>>,
        notices: &mut Vec<Notice>,
    ) {
        let loose: Vec<&String> = self
            .files
            .iter()
            .filter(|(name, found)| {
                found.kind != ItemKind::Folder && !mapped.contains(*name) && self.is_loose(name)
            })
            .map(|(name, _)| name)
            .collect();
        for name in &loose {
            let alone = loose.len() == 1;
            match self.lesson_of(name, alone) {
                Fit::One(index) => {
                    let candidate = self.file(name, self.known[index].lesson);
                    candidates.entry(index).or_default().push(candidate);
                }
                Fit::Several(indices) => {
                    let ids: Vec<_> =
                        indices.iter().map(|&index| self.known[index].lesson.id.as_str()).collect();
                    let says = format!(
                        "fits {}; say which with --map '{}/{name}=LESSON'",
                        ids.join(" and "),
                        self.piece.label
                    );
                    notices.push(Notice::new(Kind::Ambiguous, self.shown(name), says));
                }
                Fit::Part => {}
                Fit::None => {
                    let says = "fits no lesson; say which with --map";
                    notices.push(Notice::new(Kind::Unmatched, self.shown(name), says));
                }
            }
        }
    }

    fn lesson_of(&self, name: &str, alone: bool) -> Fit {
        let last = name.rsplit('/').next().unwrap_or(name);
        if let Some(index) = last.strip_suffix(".rs").and_then(|stem| self.named(stem)) {
            return Fit::One(index);
        }
        let by_content = self.by_content(name);
        if let [one] = by_content.as_slice() {
            return Fit::One(*one);
        }
        if let Some(index) = self.expected() {
            let own = self.known[index].lesson.files.iter().map(|file| file.as_path().file_name());
            match own.flatten().position(|own| own == last) {
                Some(0) => return Fit::One(index),
                Some(_) => return Fit::Part,
                None if alone && self.known[index].lesson.files.len() == 1 => {
                    return Fit::One(index);
                }
                None => {}
            }
        }
        if by_content.is_empty() { Fit::None } else { Fit::Several(by_content) }
    }

    /// The lessons all of whose public items the file called `name` has.
    fn by_content(&self, name: &str) -> Vec<usize> {
        let text = self.files.get(name).and_then(|found| place::read_text(&found.at).ok());
        let own = items(&text.unwrap_or_default());
        let fits = |known: &Known<'_>| !known.items.is_empty() && known.items.is_subset(&own);
        (0..self.known.len()).filter(|&index| fits(&self.known[index])).collect()
    }

    /// The lesson that the piece is for, whatever is in it: the only one that was asked for,
    /// or the one that the assignment is called after.
    fn expected(&self) -> Option<usize> {
        let mut asked = (0..self.known.len()).filter(|&index| self.known[index].asked);
        match (self.hinted(), asked.next(), asked.next()) {
            (Some(index), _, _) => Some(index),
            (None, only, None) => only,
            (None, _, Some(_)) => None,
        }
    }

    /// Whether the system says that the piece is for this lesson, so that it misses it if it
    /// is not in there. A student's own folder promises nothing.
    fn is_promised(&self, index: usize) -> bool {
        self.piece.hint.is_some() && self.expected() == Some(index)
    }

    /// The lesson of which the assignment's name says most words, if there is one such.
    fn hinted(&self) -> Option<usize> {
        let hint = spell(self.piece.hint.as_deref()?);
        let says = |known: &Known<'_>| {
            known.words.iter().filter(|word| contains_word(&hint, word)).map(String::len).max()
        };
        let best = self.known.iter().filter_map(says).max()?;
        let mut indices = (0..self.known.len()).filter(|&at| says(&self.known[at]) == Some(best));
        let first = indices.next();
        if indices.next().is_some() { None } else { first }
    }

    /// The lesson that is called `stem`, or `stem` with `_` for `-`.
    fn named(&self, stem: &str) -> Option<usize> {
        let stem = spell(stem);
        self.known.iter().position(|known| spell(known.lesson.id.as_str()) == stem)
    }

    /// Rust that lies neither in a lesson's folder nor where students hand nothing in.
    fn is_loose(&self, name: &str) -> bool {
        let (above, last) = name.rsplit_once('/').unwrap_or(("", name));
        let in_lesson = above
            .split('/')
            .any(|part| self.known.iter().any(|known| known.lesson.id.as_str() == part));
        let rust = last.ends_with(".rs") && !matches!(last, "main.rs" | "build.rs");
        let acts = above == "src/acts" || above.ends_with("/src/acts");
        let in_exercises = above.split('/').any(|part| part == "exercises");
        rust && !in_lesson && !acts && !is_aside(above) && !in_exercises
    }

    /// The lesson read out of the folder called `name`.
    fn folder(&self, name: &str, lesson: &Lesson) -> Candidate {
        let mut empty = true;
        let mut files = Vec::new();
        let mut bad = None;
        for file in &lesson.files {
            let path = file.as_path();
            let last = path.file_name().unwrap_or_default().to_string_lossy();
            let whole = join(name, &path.to_string_lossy());
            let found = self.files.get(&whole).or_else(|| self.files.get(&join(name, &last)));
            match found {
                Some(found) => {
                    empty = false;
                    let at = Place::Disk(found.at.clone());
                    files.push(FileAt { path: path.to_owned(), at });
                }
                None => {
                    let linked = self.is_behind_link(&whole);
                    empty &= !linked;
                    let problem = match linked {
                        true => "lies behind a link; hand in the file itself",
                        false => "was not handed in",
                    };
                    bad = bad.or(Some(BadFile::new(path.display(), problem)));
                }
            }
        }
        Candidate { name: name.to_owned(), files: bad.map_or(Ok(files), Err), empty }
    }

    /// What is there in place of a file that is looked for.
    fn instead(&self) -> String {
        const SHOWN: usize = 3;
        let files = self.files.iter().filter(|(_, found)| found.kind != ItemKind::Folder);
        let names: Vec<_> = files.map(|(name, _)| format!("`{name}`")).collect();
        let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
        match names.len() {
            0 => "nothing is there".to_owned(),
            1 => format!("only {shown} is there"),
            2..=SHOWN => format!("only {shown} are there"),
            count => format!("only {shown} and {} more are there", count - SHOWN),
        }
    }

    fn is_behind_link(&self, path: &str) -> bool {
        path.match_indices('/').any(|(end, _)| {
            self.files.get(&path[..end]).is_some_and(|found| found.kind == ItemKind::Link)
        })
    }

    /// The lesson whose first file is the one called `name`; others lie beside it.
    fn file(&self, name: &str, lesson: &Lesson) -> Candidate {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let at = |name: &str| self.files.get(name).map(|found| found.at.clone());
        let files = lesson.files.iter().enumerate().map(|(index, file)| {
            let path = file.as_path();
            let last = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let found = if index == 0 { at(name) } else { at(&join(folder, &last)) };
            let missing = || BadFile::new(path.display(), "was not handed in");
            Ok(FileAt { path: path.to_owned(), at: Place::Disk(found.ok_or_else(missing)?) })
        });
        Candidate { name: name.to_owned(), files: files.collect(), empty: false }
    }

    fn is_stub(&self, candidate: &Candidate, known: &Known<'_>) -> bool {
        let Ok(files) = &candidate.files else { return false };
        let first = files.first().and_then(|file| file.bytes().ok());
        files.len() == 1 && first.is_some_and(|bytes| plain(&bytes) == plain(&known.stub))
    }

    /// The one candidate for a lesson, none, or why it cannot be told which.
    fn settle(
        &self,
        known: &Known<'_>,
        mut found: Vec<Candidate>,
    ) -> Result<Option<Result<Vec<FileAt>, BadFile>>, Notice> {
        if found.iter().any(|candidate| !candidate.empty) {
            found.retain(|candidate| !candidate.empty);
        }
        let Some(first) = found.first().cloned() else { return Ok(None) };
        match found.iter().skip(1).find(|other| !same(&first.files, &other.files)) {
            None => Ok(Some(first.files)),
            Some(other) => {
                let says = format!(
                    "`{}` and `{}` differ and both fit {}; keep one, or say which with --map",
                    first.name, other.name, known.lesson.id
                );
                Err(Notice::new(Kind::Ambiguous, &self.piece.label, says))
            }
        }
    }

    fn shown(&self, name: &str) -> String {
        if self.piece.content.len() == 1 && self.piece.content[0].0 == name {
            return self.piece.label.clone();
        }
        format!("{}/{name}", self.piece.label)
    }
}

enum Fit {
    One(usize),
    Several(Vec<usize>),
    /// A further file of a lesson that another file stands for.
    Part,
    None,
}

/// Whether two ways to read a lesson come to the same.
pub(crate) fn same(a: &Result<Vec<FileAt>, BadFile>, b: &Result<Vec<FileAt>, BadFile>) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| a.path == b.path && (a.at == b.at || a.bytes() == b.bytes()))
        }
        (Err(a), Err(b)) => a == b,
        _ => false,
    }
}

/// A text without what editors on Windows add to it: a byte order mark, and `\r` before `\n`.
fn plain(text: &[u8]) -> Vec<u8> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    text.iter().copied().filter(|byte| *byte != b'\r').collect()
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Folders of a course in which no student hands in.
fn is_aside(folder: &str) -> bool {
    let aside = ["tests", "solutions", "benches", "kit", "stage", "interleave", "grader"];
    folder.split('/').any(|part| aside.contains(&part) || is_ignored(part))
}

/// Small letters and digits, with one blank for whatever stands between them.
fn spell(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn contains_word(text: &str, word: &str) -> bool {
    !word.is_empty() && format!(" {text} ").contains(&format!(" {word} "))
}

/// The names of the public items at the top of a Rust file.
fn items(text: &str) -> BTreeSet<String> {
    let kinds = ["fn", "struct", "enum", "trait", "union", "type", "static", "mod", "const"];
    let name = |line: &str| {
        let mut words = line.strip_prefix("pub ")?.split_whitespace().peekable();
        while words.next_if(|word| matches!(*word, "unsafe" | "async")).is_some() {}
        let mut kind = words.next()?;
        if kind == "const" && words.peek() == Some(&"fn") {
            kind = words.next()?;
        }
        let name = words.next().filter(|_| kinds.contains(&kind))?;
        let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
        (end > 0).then(|| name[..end].to_owned())
    };
    text.trim_start_matches('\u{feff}').lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_items_are_seen_and_nothing_else() {
        let text = "pub struct A<T>(T);\npub const fn make() {}\npub(crate) fn no() {}\n    pub fn method() {}\n\
                    fn private() {}\npub unsafe fn raw(x: u8) {}\npub const N: u8 = 1;\n";
        assert_eq!(items(text).into_iter().collect::<Vec<_>>(), ["A", "N", "make", "raw"]);
    }

    #[test]
    fn assignments_are_known_by_words_and_not_by_parts_of_them() {
        assert!(contains_word(&spell("COS101-Week 3: Pool_Map-1234"), &spell("pool-map")));
        assert!(!contains_word(&spell("blocks"), "lock"));
    }
}
