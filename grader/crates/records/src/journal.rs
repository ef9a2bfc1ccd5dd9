//! The journal of one run: every result is in it before the next submission begins.
//!
//! A record is written with one call of `write` and so survives the end of the process at any
//! moment. For the end of the machine it is synchronised, in batches, at most
//! [`BATCH`] after it was written. What stands in it when a run is begun again counts; a torn
//! end is cut off.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::digest::Digest;
use crate::line;

/// The form of the file.
const SCHEMA: &str = "interleave/journal/v1";

/// How long a record may wait until it is synchronised with the disk.
const BATCH: Duration = Duration::from_millis(500);

/// More bytes than the line has that says that a run is done.
const LAST: u64 = 64;

/// Bytes of a record; evidence is bounded well below.
const LONGEST: u64 = 64 << 20;

/// Why a journal cannot be kept.
#[derive(Debug, Error)]
pub enum JournalError {
    /// It cannot be opened or read.
    #[error("cannot use the journal {path}: {source}", path = path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process grades into the same folder.
    #[error("another grader is writing to {path}; wait for it, or choose another --out", path = path.display())]
    Busy {
        /// The journal.
        path: PathBuf,
    },
    /// A record cannot be written.
    #[error("cannot write to the journal {path}: {source}; is the disk full?", path = path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A record's place in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Record<T> {
    /// The first: under which circumstances the others hold.
    Run {
        schema: String,
        circumstances: Digest,
    },
    Result(T),
    /// The last: everything is graded and written out.
    Done,
}

/// A journal that is being written.
pub struct Journal {
    path: PathBuf,
    end: Mutex<End>,
    syncing: Option<JoinHandle<io::Result<()>>>,
}

/// Where the next record goes.
struct End {
    file: File,
    at: u64,
    wake: Option<Sender<()>>,
}

/// What a journal held when it was opened.
#[derive(Debug)]
pub struct Opened<T> {
    /// The records of a run that did not come to its end, with their places.
    pub records: Vec<(T, Place)>,
    /// Lines that were not what had been written, the torn last one aside.
    pub damaged: usize,
}

impl Journal {
    /// Opens the journal at `path` for a run under `circumstances`.
    ///
    /// What an unfinished run under the same ones has left is kept; anything else is
    /// replaced. `keep` makes of each record what is remembered of it.
    pub fn open<T: DeserializeOwned, K>(
        path: &Path,
        circumstances: Digest,
        keep: impl Fn(T) -> K,
    ) -> Result<(Self, Opened<K>), JournalError> {
        let failed = |source| JournalError::Open { path: path.to_owned(), source };
        let options =
            File::options().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => JournalError::Busy { path: path.to_owned() },
            std::fs::TryLockError::Error(source) => failed(source),
        })?;
        let mut opened = Opened { records: Vec::new(), damaged: 0 };
        let mut at = read_all(&mut file, circumstances, keep, &mut opened).map_err(failed)?;
        file.set_len(at).map_err(failed)?;
        file.seek(SeekFrom::Start(at)).map_err(failed)?;
        if at == 0 {
            let run = Record::<()>::Run { schema: SCHEMA.to_owned(), circumstances };
            let line = line::write(&run).map_err(|error| failed(error.into()))?;
            file.write_all(&line).map_err(failed)?;
            at = line.len() as u64;
        }
        file.sync_data().map_err(failed)?;
        let (wake, woken) = channel();
        let own = file.try_clone().map_err(failed)?;
        let syncing = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || keep_synchronised(&own, &woken))
            .map_err(failed)?;
        let end = Mutex::new(End { file, at, wake: Some(wake) });
        Ok((Self { path: path.to_owned(), end, syncing: Some(syncing) }, opened))
    }

    /// Adds a result; it outlives this process once this returns.
    pub fn append(&self, record: &impl Serialize) -> Result<Place, JournalError> {
        self.write(&Record::Result(record))
    }

    /// Notes that everything is graded and written out, and waits until all is on the disk.
    pub fn finish(mut self) -> Result<(), JournalError> {
        self.write(&Record::<()>::Done)?;
        self.close()
    }

    /// Waits until all is on the disk; the next run under the same circumstances goes on here.
    pub fn leave(mut self) -> Result<(), JournalError> {
        self.close()
    }

    /// Reads what was written.
    pub fn reader(&self) -> Result<Reader, JournalError> {
        let open = |source| JournalError::Open { path: self.path.clone(), source };
        Ok(Reader { file: BufReader::new(File::open(&self.path).map_err(open)?) })
    }

    fn write(&self, record: &impl Serialize) -> Result<Place, JournalError> {
        let failed = |source| JournalError::Write { path: self.path.clone(), source };
        let line = line::write(record).map_err(|error| failed(error.into()))?;
        let mut end = self.end.lock().expect("nobody panics while writing a record");
        let place = Place(end.at);
        if let Err(error) = end.file.write_all(&line) {
            // Half a line must not run into the next one.
            let at = end.at;
            _ = end.file.set_len(at);
            _ = end.file.seek(SeekFrom::Start(at));
            return Err(failed(error));
        }
        end.at += line.len() as u64;
        if let Some(wake) = &end.wake {
            _ = wake.send(());
        }
        Ok(place)
    }

    fn close(&mut self) -> Result<(), JournalError> {
        self.end.lock().expect("nobody panics while writing a record").wake = None;
        let synced = self.syncing.take().map_or(Ok(Ok(())), JoinHandle::join);
        let synced = synced.unwrap_or_else(|_| Err(io::Error::other("the journal's thread ended")));
        synced.map_err(|source| JournalError::Write { path: self.path.clone(), source })
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        _ = self.close();
    }
}

/// Synchronises once for all that was written within [`BATCH`], until nobody writes any more.
fn keep_synchronised(file: &File, woken: &Receiver<()>) -> io::Result<()> {
    let mut result = Ok(());
    while woken.recv().is_ok() {
        let until = Instant::now() + BATCH;
        let left = || until.saturating_duration_since(Instant::now());
        while woken.recv_timeout(left()).is_ok() {}
        result = result.and(file.sync_data());
    }
    result.and(file.sync_data())
}

/// Reads all records; returns where the next one goes, which is 0 if nothing is to be kept.
fn read_all<T: DeserializeOwned, K>(
    file: &mut File,
    circumstances: Digest,
    keep: impl Fn(T) -> K,
    opened: &mut Opened<K>,
) -> io::Result<u64> {
    if is_done(file)? {
        return Ok(0);
    }
    let mut reader = BufReader::new(file);
    let (mut at, mut sound, mut unsound) = (0, 0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = (&mut reader).take(LONGEST).read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            break;
        }
        let place = Place(at);
        at += length;
        let record = line.strip_suffix(b"\n").and_then(line::read::<Record<T>>);
        match record {
            Some(Record::Run { schema, circumstances: own }) if place.0 == 0 => {
                if schema != SCHEMA || own != circumstances {
                    return Ok(0);
                }
            }
            Some(Record::Result(result)) if place.0 > 0 => {
                opened.records.push((keep(result), place))
            }
            // Without a head nothing says what the others mean.
            Some(_) | None if place.0 == 0 => return Ok(0),
            Some(_) | None => {
                unsound += 1;
                continue;
            }
        }
        opened.damaged += std::mem::take(&mut unsound);
        sound = at;
    }
    Ok(sound)
}

/// Whether the last line says that the run came to its end, so that no other need be read.
fn is_done(file: &mut File) -> io::Result<bool> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(LAST)))?;
    let mut end = Vec::new();
    (&mut *file).take(LAST).read_to_end(&mut end)?;
    file.seek(SeekFrom::Start(0))?;
    let last = end.strip_suffix(b"\n").and_then(|end| end.rsplit(|byte| *byte == b'\n').next());
    Ok(matches!(last.and_then(line::read::<Record<IgnoredAny>>), Some(Record::Done)))
}

/// Reads single records of a journal.
pub struct Reader {
    file: BufReader<File>,
}

impl Reader {
    /// The record at `place`.
    pub fn read<T: DeserializeOwned>(&mut self, place: Place) -> io::Result<T> {
        let mut line = Vec::new();
        self.file.seek(SeekFrom::Start(place.0))?;
        (&mut self.file).take(LONGEST).read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\n").and_then(line::read) {
            Some(Record::Result(record)) => Ok(record),
            _ => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "a record has changed on the disk"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        crate::Hasher::default().part(text).finish()
    }

    struct Desk(tempfile::TempDir);

    impl Desk {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("journal")
        }

        fn open(&self, circumstances: &str) -> (Journal, Opened<u32>) {
            Journal::open(&self.path(), digest(circumstances), |n: u32| n).unwrap()
        }

        /// What the next run under the same circumstances finds.
        fn found(&self) -> (Vec<u32>, usize) {
            let (journal, opened) = self.open("a");
            journal.leave().unwrap();
            (opened.records.into_iter().map(|(n, _)| n).collect(), opened.damaged)
        }

        fn with(numbers: &[u32]) -> Self {
            let desk = Self::new();
            let (journal, _) = desk.open("a");
            for n in numbers {
                journal.append(n).unwrap();
            }
            journal.leave().unwrap();
            desk
        }
    }

    #[test]
    fn what_was_written_is_found_and_read_again() {
        let desk = Desk::with(&[1, 2, 3]);
        let (journal, opened) = desk.open("a");
        let mut reader = journal.reader().unwrap();
        for (n, place) in opened.records {
            assert_eq!(reader.read::<u32>(place).unwrap(), n);
        }
        let place = journal.append(&4).unwrap();
        assert_eq!(reader.read::<u32>(place).unwrap(), 4);
    }

    #[test]
    fn cut_off_at_any_byte_all_whole_records_are_kept_and_more_can_be_added() {
        let whole = std::fs::read(Desk::with(&[10, 11, 12]).path()).unwrap();
        let ends: Vec<usize> = whole
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(at, _)| at + 1)
            .collect();
        for length in 0..=whole.len() {
            let desk = Desk::new();
            std::fs::write(desk.path(), &whole[..length]).unwrap();
            let lines = ends.iter().filter(|end| **end <= length).count();
            let kept: Vec<u32> = (10..).take(lines.saturating_sub(1)).collect();
            let (journal, opened) = desk.open("a");
            let found: Vec<u32> = opened.records.into_iter().map(|(n, _)| n).collect();
            assert_eq!((found, opened.damaged), (kept.clone(), 0), "cut at {length}");
            journal.append(&99).unwrap();
            journal.leave().unwrap();
            assert_eq!(desk.found().0, [kept, vec![99]].concat());
        }
    }

    #[test]
    fn a_record_that_has_changed_on_the_disk_is_not_believed() {
        let desk = Desk::with(&[10, 11, 12]);
        let mut bytes = std::fs::read(desk.path()).unwrap();
        let at = bytes.windows(2).position(|two| two == b"11").unwrap();
        bytes[at] = b'7';
        std::fs::write(desk.path(), bytes).unwrap();
        assert_eq!(desk.found(), (vec![10, 12], 1));
    }

    #[test]
    fn zeros_at_the_end_as_after_a_loss_of_power_are_cut_off() {
        let desk = Desk::with(&[10]);
        let mut file = File::options().append(true).open(desk.path()).unwrap();
        file.write_all(&[0; 4096]).unwrap();
        assert_eq!(desk.found(), (vec![10], 0));
    }

    #[test]
    fn other_circumstances_or_a_run_that_is_done_start_anew() {
        let desk = Desk::with(&[1]);
        assert!(desk.open("b").1.records.is_empty());
        let desk = Desk::with(&[1]);
        let (journal, _) = desk.open("a");
        journal.finish().unwrap();
        assert_eq!(desk.found(), (vec![], 0));
    }

    #[test]
    fn two_graders_do_not_write_to_one_journal() {
        let desk = Desk::new();
        let (_journal, _) = desk.open("a");
        let second = Journal::open(&desk.path(), digest("a"), |n: u32| n);
        assert!(matches!(second, Err(JournalError::Busy { .. })));
    }

    #[test]
    fn many_threads_write_whole_records() {
        let desk = Desk::new();
        let (journal, _) = desk.open("a");
        std::thread::scope(|scope| {
            for thread in 0..4_u32 {
                let journal = &journal;
                scope.spawn(move || {
                    (0..100).for_each(|n| {
                        journal.append(&(thread * 100 + n)).unwrap();
                    })
                });
            }
        });
        journal.leave().unwrap();
        let (mut found, damaged) = desk.found();
        found.sort_unstable();
        assert_eq!((found, damaged), ((0..400).collect(), 0));
    }
}
