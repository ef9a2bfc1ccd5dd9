//! What is uploaded to do harm to whoever unpacks it, or reads about it, beside what is not.
//!
//! The archives are made here and kept nowhere else.

use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::sys::stat::Mode;
use tar::{Builder, EntryType, Header};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{Class, grader, solution};

/// A zip of these files.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn zip_with_link(name: &str, to: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink(name, to, SimpleFileOptions::default()).unwrap();
    writer.finish().unwrap().into_inner()
}

/// More files than any student has.
fn zip_of_many(count: usize) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    (0..count).for_each(|n| writer.start_file(format!("lock/{n}.rs"), stored).unwrap());
    writer.finish().unwrap().into_inner()
}

/// Zeros in files that each are small enough.
fn zip_bomb() -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let names: Vec<_> = (0..40).map(|n| format!("lock/{n}.rs")).collect();
    zip(&names.iter().map(|name| (name.as_str(), &zeros[..])).collect::<Vec<_>>())
}

/// A tape of one entry, under a name and of a kind that no honest tool would write.
fn tar(name: &str, kind: EntryType, link: &str) -> Vec<u8> {
    let mut header = Header::new_gnu();
    let fields = header.as_old_mut();
    fields.name[..name.len()].copy_from_slice(name.as_bytes());
    fields.linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_mode(0o4777);
    header.set_cksum();
    let mut builder = Builder::new(Vec::new());
    builder.append(&header, std::io::empty()).unwrap();
    builder.into_inner().unwrap()
}

/// A file that inflates to a tape whose first entry is larger than any disk.
fn tar_bomb() -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_path("lock/large.rs").unwrap();
    header.set_size(1 << 40);
    header.set_cksum();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(header.as_bytes()).unwrap();
    let zeros = vec![0; 1 << 20];
    (0..130).for_each(|_| encoder.write_all(&zeros).unwrap());
    encoder.finish().unwrap()
}

/// Every file below `folder`.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let paths = entries.flat_map(|entry| match entry.file_type().unwrap().is_dir() {
        true => below(&entry.path()),
        false => vec![entry.path()],
    });
    paths.collect()
}

/// Grades all of it, into all forms.
fn grade(class: &Class) -> (String, String) {
    let mut command = grader();
    command.arg("grade").arg(class.path()).args(["--lesson", "lock"]).arg("--out").arg(class.out());
    for format in
        ["json", "junit", "gradescope", "sheets", "html", "ctrf", "code-quality", "github"]
    {
        command.args(["--format", format]);
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn archives_that_mean_harm_are_refused_and_the_others_are_graded_as_alone() {
    let class = Class::new();
    let honest = solution("lock");
    class.hand_in("a-honest/lock/src/lib.rs", &honest);
    let source: &[u8] = b"fn";
    let innermost = zip(&[("lock/src/lib.rs", source)]);
    let nested = zip(&[("b.zip", &zip(&[("c.zip", &zip(&[("d.zip", &innermost)]))]))]);
    let uploads: &[(&str, &[u8], &str)] = &[
        ("absolute.zip", &zip(&[("/tmp/escaped/lib.rs", source)]), "absolute path"),
        ("absolute.tar", &tar("/tmp/escaped.rs", EntryType::Regular, ""), "absolute path"),
        ("backslash.zip", &zip(&[("lock\\..\\..\\escaped.rs", source)]), "backslash"),
        ("bidi.zip", &zip(&[("lock/src/\u{202e}sr.bil", source)]), "do not show"),
        ("bomb.zip", &zip_bomb(), "unpacks to more"),
        ("bomb2.tar.gz", &tar_bomb(), "unpacks to more"),
        (
            "case.zip",
            &zip(&[("lock/src/lib.rs", source), ("lock/SRC/lib.rs", source)]),
            "same file on many systems",
        ),
        ("control.zip", &zip(&[("lock/src/\u{1b}[2Jlib.rs", source)]), "do not show"),
        ("device.tar", &tar("lock/src/lib.rs", EntryType::Char, ""), "no ordinary file"),
        ("fifo.tar", &tar("lock/src/lib.rs", EntryType::Fifo, ""), "no ordinary file"),
        ("hardlink.tar", &tar("lock/src/lib.rs", EntryType::Link, "/etc/passwd"), "holds the link"),
        ("link.zip", &zip_with_link("lock/src/lib.rs", "/etc/passwd"), "holds the link"),
        ("link-to-folder.tar", &tar("lock/src", EntryType::Symlink, "/etc"), "holds the link"),
        ("many.zip", &zip_of_many(100_000), "more than 20000 files"),
        ("nested.zip", &nested, "archive in an archive"),
        (
            "slip.zip",
            &zip(&[("../../escaped.rs", source), ("lock/src/lib.rs", source)]),
            "leads out of it",
        ),
        ("slip2.tar", &tar("lock/../../escaped.rs", EntryType::Regular, ""), "leads out of it"),
        ("torn.zip", &innermost[..innermost.len() / 2], "cannot be read"),
    ];
    for (name, bytes, _) in uploads {
        class.hand_in(name, bytes);
    }
    class.hand_in("z-honest/lock/src/lib.rs", &honest);
    let (table, said) = grade(&class);

    insta::assert_snapshot!(class.verdicts(), @r"
    a-honest lock pass 14/14
    z-honest lock pass 14/14
    ");
    let lines: Vec<_> = table.lines().chain(said.lines()).collect();
    for (name, _, reason) in uploads {
        let told = lines.iter().any(|line| line.contains(name) && line.contains(reason));
        assert!(told, "{name}: {reason}\n{table}{said}");
    }

    let nothing = ["escaped.rs", "../escaped.rs", "../../escaped.rs", "out/escaped.rs"];
    for place in nothing.map(|name| class.path().join(name)) {
        assert!(!place.exists(), "{}", place.display());
    }
    assert!(!Path::new("/tmp/escaped").exists() && !Path::new("/tmp/escaped.rs").exists());
    assert!(!table.contains('\u{1b}') && !said.contains('\u{1b}'), "{table}{said}");
}

#[test]
fn names_and_words_that_mean_harm_are_harmless_in_every_report() {
    let class = Class::new();
    let said = r#"compile_error!("\u{1b}[2J\u{1b}]0;x\u{7} <script>alert(1)</script> ]]> \u{202e} \0 ::error::x");"#;
    for student in [
        "-rf",
        "=cmd|' C'!A0",
        "+1+1",
        "@SUM(A1)",
        "<img src=x onerror=alert(1)>",
        "esc\u{1b}[31m\u{7}",
        "turned\u{202e}txt.exe",
        "a\"b'c`d$(id)",
        "]]><x",
        "%0a::error::x",
    ] {
        class.hand_in(&format!("{student}/lock/src/lib.rs"), said);
    }
    // Beside a source lies what nobody looks at.
    let beside = class.hand_in("beside/lock/src/lib.rs", solution("lock"));
    symlink("/etc/passwd", beside.with_file_name("passwd.rs")).unwrap();
    nix::unistd::mkfifo(&beside.with_file_name("pipe.rs"), Mode::S_IRWXU).unwrap();
    // What would be an option, or a file of options, to the compiler; and what was built elsewhere.
    class.hand_in("options/lock/src/@x.rs", "--cfg evil");
    class.hand_in("options/lock/src/-Cx.rs", "fn main() {}");
    class.hand_in("prebuilt/lock/src/lib.rs", "#[link(name = \"evil\")] unsafe extern \"C\" {}");
    class.hand_in("prebuilt/lock/src/libevil.so", "\u{7f}ELF");
    class.hand_in("prebuilt/lock/liblock.rlib", "!<arch>\n");
    let (table, noise) = grade(&class);
    insta::assert_snapshot!(class.verdicts(), @r#"
    %0a::error::x lock does-not-compile 0/14
    +1+1 lock does-not-compile 0/14
    <img src=x onerror=alert(1)> lock does-not-compile 0/14
    =cmd|' C'!A0 lock does-not-compile 0/14
    @SUM(A1) lock does-not-compile 0/14
    ]]><x lock does-not-compile 0/14
    _-rf lock does-not-compile 0/14
    a"b'c`d$(id) lock does-not-compile 0/14
    beside lock pass 14/14
    esc\u{1b}[31m\u{7} lock does-not-compile 0/14
    options lock does-not-compile 0/14
    prebuilt lock forbidden 0/14
    turned\u{202e}txt.exe lock does-not-compile 0/14
    "#);
    for text in [&table, &noise] {
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
    }

    let files = below(&class.out());
    let text = |path: &PathBuf| fs::read_to_string(path).ok();
    let of = |ending: &str| {
        let found = files.iter().filter(|path| path.to_string_lossy().ends_with(ending));
        found.filter_map(text).collect::<Vec<_>>()
    };
    for path in &files {
        let name = path.strip_prefix(class.out()).unwrap().to_str().unwrap();
        assert!(!name.contains(char::is_control) && !name.contains(".."), "{name:?}");
        assert!(name.split('/').all(|part| !part.starts_with('-')), "{name:?}");
    }
    for page in of(".html") {
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{page}");
        assert!(!page.contains(['\u{1b}', '\0', '\u{202e}']), "{page}");
    }
    for junit in of(".xml") {
        let illegal = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        assert!(!junit.contains(illegal) && !junit.contains("<script>alert"), "{junit}");
    }
    for sheet in of(".txt") {
        assert!(!sheet.contains(['\u{1b}', '\u{7}', '\u{202e}', '\0']), "{sheet}");
        assert!(!sheet.lines().any(|line| line.starts_with("::error::x")), "{sheet}");
    }
    for json in of(".json") {
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
    let mut export = grader();
    let export = export.args(["book", "export", "csv", "--out"]).arg(class.out()).output().unwrap();
    let csv = String::from_utf8(export.stdout).unwrap();
    let starts = |cell: &str| cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']);
    let cells = csv.lines().flat_map(|line| line.split(','));
    assert!(csv.lines().count() > 10, "{csv}");
    assert_eq!(cells.filter(|cell| starts(cell)).collect::<Vec<_>>(), [""; 0], "{csv}");
}
