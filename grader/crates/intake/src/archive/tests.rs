use std::io::Write;

use ::zip::write::{SimpleFileOptions, ZipWriter};
use proptest::prelude::*;

use super::*;

/// A folder in which archives are made and unpacked.
struct Yard(tempfile::TempDir);

impl Yard {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn zip(&self, fill: impl FnOnce(&mut ZipWriter<File>)) -> PathBuf {
        let path = self.0.path().join("a.zip");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        fill(&mut writer);
        writer.finish().unwrap();
        path
    }

    fn tar(&self, fill: impl FnOnce(&mut ::tar::Builder<File>)) -> PathBuf {
        let path = self.0.path().join("a.tar");
        let mut builder = ::tar::Builder::new(File::create(&path).unwrap());
        fill(&mut builder);
        builder.finish().unwrap();
        path
    }

    fn gz(&self, name: &str, bytes: &mut dyn Read) -> PathBuf {
        let path = self.0.path().join(name);
        let file = File::create(&path).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        io::copy(bytes, &mut encoder).unwrap();
        encoder.finish().unwrap();
        path
    }

    fn unpack(&self, path: &Path) -> Result<Vec<String>, Refusal> {
        self.unpack_within(path, Bounds::STUDENT)
    }

    fn unpack_within(&self, path: &Path, bounds: Bounds) -> Result<Vec<String>, Refusal> {
        let into = self.0.path().join("into");
        let done = unpack(path, &into, bounds);
        assert!(!self.0.path().join("escaped").exists() && !Path::new("/escaped").exists());
        done.map(|_| below(&into))
    }
}

fn below(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for item in crate::place::list(folder).unwrap() {
        match item.path.is_dir() {
            true => {
                names.extend(below(&item.path).iter().map(|name| format!("{}/{name}", item.name)))
            }
            false => names.push(item.name),
        }
    }
    names
}

fn add(writer: &mut ZipWriter<File>, name: &str, text: &[u8]) {
    writer.start_file(name, SimpleFileOptions::default()).unwrap();
    writer.write_all(text).unwrap();
}

/// An entry under a name that no honest tool would write.
fn tar_entry(builder: &mut ::tar::Builder<File>, name: &str, kind: ::tar::EntryType) {
    let mut header = ::tar::Header::new_gnu();
    let field = &mut header.as_old_mut().name;
    field[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_mode(0o644);
    header.set_cksum();
    builder.append(&header, io::empty()).unwrap();
}

#[test]
fn honest_archives_are_unpacked_without_what_nobody_looks_at() {
    let yard = Yard::new();
    let zip = yard.zip(|zip| {
        add(zip, "lock/src/lib.rs", b"fn a() {}");
        add(zip, "lock/target/debug/lock", b"ELF");
        add(zip, "__MACOSX/lock/._lib.rs", b"x");
        add(zip, "lock/report.pdf", &[0; 5000]);
    });
    assert_eq!(yard.unpack(&zip).unwrap(), ["lock/report.pdf", "lock/src/lib.rs"]);
    assert_eq!(std::fs::metadata(yard.0.path().join("into/lock/report.pdf")).unwrap().len(), 0);
}

#[test]
fn tar_and_tar_gz_are_unpacked() {
    let yard = Yard::new();
    let tar = yard.tar(|tar| {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(2);
        header.set_mode(0o644);
        tar.append_data(&mut header, "./lock/src/lib.rs", &b"fn"[..]).unwrap();
    });
    assert_eq!(yard.unpack(&tar).unwrap(), ["lock/src/lib.rs"]);
    let other = Yard::new();
    let gz = other.gz("a.tar.gz", &mut File::open(&tar).unwrap());
    assert_eq!(other.unpack(&gz).unwrap(), ["lock/src/lib.rs"]);
}

#[test]
fn names_that_lead_elsewhere_are_refused_in_zip_and_tar() {
    for (name, part) in [
        ("../escaped", "leads out of it"),
        ("a/../../escaped", "leads out of it"),
        ("/escaped", "absolute path"),
        ("C:/escaped", "absolute path"),
        ("..\\escaped", "backslash"),
        ("a\u{202e}b.rs", "do not show"),
        ("a\nb.rs", "do not show"),
    ] {
        let yard = Yard::new();
        let zip = yard.zip(|zip| add(zip, name, b"x"));
        let refusal = yard.unpack(&zip).unwrap_err().to_string();
        assert!(refusal.contains(part), "zip {name:?}: {refusal}");
        let yard = Yard::new();
        let tar = yard.tar(|tar| tar_entry(tar, name, ::tar::EntryType::Regular));
        let refusal = yard.unpack(&tar).unwrap_err().to_string();
        assert!(refusal.contains(part), "tar {name:?}: {refusal}");
    }
}

#[test]
fn what_leads_elsewhere_in_the_way_of_windows_is_refused_too() {
    for (name, part) in [
        ("lock\\..\\..\\escaped", "leads out of it"),
        ("\\escaped", "absolute path"),
        ("a/b\\c", "backslash"),
    ] {
        let yard = Yard::new();
        let options = SimpleFileOptions::default().system(::zip::System::Dos);
        let zip = yard.zip(|zip| zip.start_file(name, options).unwrap());
        let refusal = yard.unpack(&zip).unwrap_err().to_string();
        assert!(refusal.contains(part), "{name:?}: {refusal}");
    }
}

#[test]
fn links_and_devices_are_refused() {
    let yard = Yard::new();
    let zip = yard.zip(|zip| {
        zip.add_symlink("lib.rs", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    });
    assert_eq!(yard.unpack(&zip), Err(Refusal::Link("lib.rs".to_owned())));
    for (kind, refusal) in [
        (::tar::EntryType::Symlink, Refusal::Link("x".to_owned())),
        (::tar::EntryType::Link, Refusal::Link("x".to_owned())),
        (::tar::EntryType::Fifo, Refusal::Special("x".to_owned())),
        (::tar::EntryType::Char, Refusal::Special("x".to_owned())),
        (::tar::EntryType::Block, Refusal::Special("x".to_owned())),
    ] {
        let yard = Yard::new();
        let tar = yard.tar(|tar| tar_entry(tar, "x", kind));
        assert_eq!(yard.unpack(&tar), Err(refusal));
    }
}

#[test]
fn a_device_in_a_zip_is_refused() {
    let yard = Yard::new();
    let zip = yard.zip(|zip| add(zip, "device", b"x"));
    // The kind of file stands in the upper half of the external attributes.
    let mut bytes = std::fs::read(&zip).unwrap();
    let entry = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[entry + 5] = 3;
    bytes[entry + 38..entry + 42].copy_from_slice(&(0o020_644_u32 << 16).to_le_bytes());
    std::fs::write(&zip, bytes).unwrap();
    assert_eq!(yard.unpack(&zip), Err(Refusal::Special("device".to_owned())));
}

#[test]
fn names_that_collide_are_refused() {
    let yard = Yard::new();
    let zip = yard.zip(|zip| {
        add(zip, "src/lib.rs", b"a");
        add(zip, "SRC/other.rs", b"b");
    });
    let refusal = Refusal::Collision("src".to_owned(), "SRC".to_owned());
    assert_eq!(yard.unpack(&zip), Err(refusal));
    let yard = Yard::new();
    let tar = yard.tar(|tar| {
        tar_entry(tar, "a.rs", ::tar::EntryType::Regular);
        tar_entry(tar, "a.rs", ::tar::EntryType::Regular);
    });
    assert_eq!(yard.unpack(&tar), Err(Refusal::Twice("a.rs".to_owned())));
    let yard = Yard::new();
    let tar = yard.tar(|tar| {
        tar_entry(tar, "a", ::tar::EntryType::Regular);
        tar_entry(tar, "a/b.rs", ::tar::EntryType::Regular);
    });
    assert_eq!(yard.unpack(&tar), Err(Refusal::Twice("a".to_owned())));
}

#[test]
fn of_a_file_that_is_a_bomb_no_more_is_written_than_is_read() {
    let yard = Yard::new();
    let zip = yard.zip(|zip| {
        zip.start_file("lib.rs", SimpleFileOptions::default()).unwrap();
        let chunk = vec![0; 1 << 20];
        (0..8).for_each(|_| zip.write_all(&chunk).unwrap());
    });
    assert_eq!(yard.unpack(&zip).unwrap(), ["lib.rs"]);
    let written = std::fs::metadata(yard.0.path().join("into/lib.rs")).unwrap().len();
    assert_eq!(written, FILE_SIZE + 1);
}

#[test]
fn bombs_end_at_their_bounds() {
    let few = Bounds { written: 2 << 20, inflated: 2 << 20, ..Bounds::STUDENT };
    let yard = Yard::new();
    let zip = yard.zip(|zip| {
        let chunk = vec![0; 1 << 20];
        (0..4).for_each(|n| add(zip, &format!("{n}.rs"), &chunk));
    });
    assert_eq!(yard.unpack_within(&zip, few), Err(Refusal::TooLarge(few.written)));

    // A file that nobody looks at is inflated all the same, to get to what is behind it.
    let mut header = ::tar::Header::new_gnu();
    header.set_path("large.bin").unwrap();
    header.set_size(1 << 40);
    header.set_cksum();
    let header = io::Cursor::new(header.as_bytes().to_vec());
    let yard = Yard::new();
    let gz = yard.gz("a.tar.gz", &mut header.chain(io::repeat(0).take(4 << 20)));
    assert_eq!(yard.unpack_within(&gz, few), Err(Refusal::TooLarge(few.inflated)));

    // The name of an entry is read into memory whole.
    let mut header = ::tar::Header::new_gnu();
    header.set_entry_type(::tar::EntryType::GNULongName);
    header.set_size(1 << 40);
    header.set_cksum();
    let header = io::Cursor::new(header.as_bytes().to_vec());
    let yard = Yard::new();
    let gz = yard.gz("a.tgz", &mut header.chain(io::repeat(b'x').take(4 << 20)));
    assert!(yard.unpack_within(&gz, few).is_err());
}

#[test]
fn an_archive_that_is_large_itself_is_not_read() {
    let yard = Yard::new();
    let path = yard.0.path().join("a.zip");
    File::create(&path).unwrap().set_len(Bounds::STUDENT.size + 1).unwrap();
    assert_eq!(yard.unpack(&path), Err(Refusal::TooLargeItself(Bounds::STUDENT.size)));
}

#[test]
fn more_files_than_a_student_writes_are_refused() {
    let yard = Yard::new();
    let zip = yard.zip(|zip| {
        let stored =
            SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Stored);
        (0..30_000).for_each(|n| zip.start_file(format!("{n}"), stored).unwrap());
    });
    assert_eq!(yard.unpack(&zip), Err(Refusal::TooMany(Bounds::STUDENT.entries)));
}

#[test]
fn broken_archives_say_that_they_are() {
    for (name, bytes) in [
        ("a.zip", &b"no zip"[..]),
        ("b.zip", b""),
        ("a.tar", &[1; 700]),
        ("a.tar.gz", b"\x1f\x8b\x08broken"),
    ] {
        let yard = Yard::new();
        let path = yard.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let done = yard.unpack(&path);
        assert!(matches!(done, Err(Refusal::Unreadable(_))), "{name}: {done:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever bytes stand in an archive, reading it ends without a panic and inside its folder.
    #[test]
    fn damaged_archives_do_no_harm(at in 0..600_usize, with in prop::collection::vec(any::<u8>(), 1..40), tar in any::<bool>()) {
        let yard = Yard::new();
        let path = if tar {
            yard.tar(|tar| tar_entry(tar, "lock/src/lib.rs", ::tar::EntryType::Regular))
        } else {
            yard.zip(|zip| {
                add(zip, "lock/src/lib.rs", b"fn main() {}");
                add(zip, "b/lib.rs", b"fn main() {}");
            })
        };
        let mut bytes = std::fs::read(&path).unwrap();
        let at = at % bytes.len();
        let end = (at + with.len()).min(bytes.len());
        bytes[at..end].copy_from_slice(&with[..end - at]);
        std::fs::write(&path, bytes).unwrap();
        _ = yard.unpack(&path);
    }
}
