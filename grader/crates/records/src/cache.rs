//! The cache: what became of submissions, by a digest of all that it depends on.
//!
//! An entry is a file of its own, written whole under its digest. What cannot be read, or was
//! written for another digest, is as good as none; what cannot be written is not cached.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use temporary::Temporary;

use crate::digest::Digest;
use crate::line;

/// A cache in a folder.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    _own: Option<Temporary>,
}

#[derive(Serialize, Deserialize)]
struct Entry<T> {
    digest: Digest,
    value: T,
}

/// How much a cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Entries.
    pub entries: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Cache {
    /// The cache in `folder`, which is made when the first entry is.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), _own: None }
    }

    /// A cache that is empty, and gone when it is dropped.
    pub fn for_this_run() -> io::Result<Self> {
        let own = Temporary::new(0o700)?;
        Ok(Self { folder: own.path().to_owned(), _own: Some(own) })
    }

    /// What is stored under `digest`. It counts as used, now.
    pub fn get<T: DeserializeOwned>(&self, digest: &Digest) -> Option<T> {
        let path = self.path(digest);
        let bytes = std::fs::read(&path).ok()?;
        let entry: Entry<T> = line::read(bytes.strip_suffix(b"\n")?)?;
        if entry.digest != *digest {
            return None;
        }
        if let Ok(file) = File::options().append(true).open(&path) {
            _ = file.set_modified(SystemTime::now());
        }
        Some(entry.value)
    }

    /// Stores `value` under `digest`.
    pub fn put(&self, digest: &Digest, value: &impl Serialize) -> io::Result<()> {
        let path = self.path(digest);
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(&line::write(&Entry { digest: *digest, value })?)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// How much it holds.
    pub fn extent(&self) -> io::Result<Extent> {
        let sum = |extent: Extent, (_, size, _): (PathBuf, u64, SystemTime)| Extent {
            entries: extent.entries + 1,
            bytes: extent.bytes + size,
        };
        Ok(self.entries()?.into_iter().fold(Extent::default(), sum))
    }

    /// Removes what was not used for `age`, and then the longest unused until no more than
    /// `bytes` are left. Returns what is gone.
    pub fn prune(&self, age: Duration, bytes: u64) -> io::Result<Extent> {
        let now = SystemTime::now();
        let mut entries = self.entries()?;
        entries.sort_by_key(|(_, _, used)| *used);
        let mut left: u64 = entries.iter().map(|(_, size, _)| size).sum();
        let mut gone = Extent::default();
        for (path, size, used) in entries {
            let old = now.duration_since(used).is_ok_and(|unused| unused > age);
            if old || left > bytes {
                std::fs::remove_file(path)?;
                left -= size;
                gone = Extent { entries: gone.entries + 1, bytes: gone.bytes + size };
            }
        }
        Ok(gone)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// Every entry with its size and when it was last used; nothing else that lies there.
    fn entries(&self) -> io::Result<Vec<(PathBuf, u64, SystemTime)>> {
        let mut entries = Vec::new();
        for folder in read(&self.folder)? {
            let name = folder.file_name().to_string_lossy().into_owned();
            if name.len() != 2 || !folder.file_type()?.is_dir() {
                continue;
            }
            for entry in read(&folder.path())? {
                let digest = format!("{name}{}", entry.file_name().to_string_lossy());
                let metadata = entry.metadata()?;
                if digest.parse::<Digest>().is_ok() && metadata.is_file() {
                    entries.push((entry.path(), metadata.len(), metadata.modified()?));
                }
            }
        }
        Ok(entries)
    }
}

fn read(folder: &Path) -> io::Result<Vec<std::fs::DirEntry>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u32) -> Digest {
        crate::Hasher::default().part(n.to_le_bytes()).finish()
    }

    #[test]
    fn what_was_stored_is_found_under_its_digest_alone() {
        let cache = Cache::for_this_run().unwrap();
        cache.put(&digest(1), &"one").unwrap();
        assert_eq!(cache.get::<String>(&digest(1)).as_deref(), Some("one"));
        assert_eq!(cache.get::<String>(&digest(2)), None);
        assert_eq!(cache.extent().unwrap().entries, 1);
    }

    #[test]
    fn an_entry_that_was_torn_changed_or_moved_is_as_good_as_none() {
        let cache = Cache::for_this_run().unwrap();
        cache.put(&digest(1), &"one").unwrap();
        let path = cache.path(&digest(1));
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(cache.get::<String>(&digest(1)), None, "{length}");
        }
        let changed = String::from_utf8(whole.clone()).unwrap().replace("one", "two");
        std::fs::write(&path, changed).unwrap();
        assert_eq!(cache.get::<String>(&digest(1)), None);
        cache.put(&digest(2), &"two").unwrap();
        std::fs::write(cache.path(&digest(2)), whole).unwrap();
        assert_eq!(cache.get::<String>(&digest(2)), None);
    }

    #[test]
    fn pruning_takes_the_longest_unused_and_nothing_that_is_not_ours() {
        let cache = Cache::for_this_run().unwrap();
        let old = SystemTime::now() - Duration::from_secs(3600);
        for n in 0..4 {
            cache.put(&digest(n), &"x".repeat(100)).unwrap();
            let file = File::options().append(true).open(cache.path(&digest(n))).unwrap();
            file.set_modified(old + Duration::from_secs(u64::from(n))).unwrap();
        }
        let foreign = cache.folder.join("notes.txt");
        std::fs::write(&foreign, "mine").unwrap();
        assert!(cache.get::<String>(&digest(0)).is_some());
        let each = cache.extent().unwrap().bytes / 4;
        let gone = cache.prune(Duration::from_secs(86_400), 2 * each).unwrap();
        assert_eq!(gone.entries, 2);
        assert!(
            cache.get::<String>(&digest(0)).is_some() && cache.get::<String>(&digest(1)).is_none()
        );
        assert_eq!(cache.prune(Duration::ZERO, u64::MAX).unwrap().entries, 2);
        assert!(foreign.exists());
    }
}
