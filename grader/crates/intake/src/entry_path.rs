use std::fmt;
use std::path::PathBuf;

use unicode_normalization::UnicodeNormalization;

use crate::archive::Refusal;

/// The path of an entry in an archive: relative, without `..`, of plain names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntryPath(Vec<String>);

/// Names within names; no honest submission is nested more deeply.
const DEEPEST: usize = 32;

/// Bytes of one name; what file systems allow.
const LONGEST: usize = 255;

impl EntryPath {
    /// Reads the name of an entry. None for the archive's own root, `./`.
    pub(crate) fn parse(name: &str) -> Result<Option<Self>, Refusal> {
        let shown = || report::printable(name).into_owned();
        if name.contains(harmful) {
            return Err(Refusal::HarmfulName(shown()));
        }
        if name.contains('\\') {
            return Err(Refusal::Backslash(shown()));
        }
        let drive =
            name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
        if name.starts_with('/') || drive {
            return Err(Refusal::Absolute(shown()));
        }
        let parts: Vec<_> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.contains(&"..") {
            return Err(Refusal::Traversal(shown()));
        }
        if parts.len() > DEEPEST || parts.iter().any(|part| part.len() > LONGEST) {
            return Err(Refusal::LongName(shown().chars().take(80).collect()));
        }
        let parts: Vec<_> = parts.into_iter().map(str::to_owned).collect();
        Ok((!parts.is_empty()).then_some(Self(parts)))
    }

    /// The names, outermost first; at least one.
    pub(crate) fn parts(&self) -> &[String] {
        &self.0
    }

    /// Below a folder on disk.
    pub(crate) fn below(&self, folder: &std::path::Path) -> PathBuf {
        self.0.iter().fold(folder.to_owned(), |path, part| path.join(part))
    }

    /// What file systems that ignore case or composition take for the same path.
    pub(crate) fn folded(&self) -> String {
        self.0.join("/").nfc().collect::<String>().to_lowercase()
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// Control characters, and those that turn the direction of writing.
fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_read() {
        for (name, path) in [
            ("a/b.rs", "a/b.rs"),
            ("./a//b/", "a/b"),
            ("Ada Lovelace_7_x/src/lib.rs", "Ada Lovelace_7_x/src/lib.rs"),
            ("李/..x/y..rs", "李/..x/y..rs"),
        ] {
            assert_eq!(EntryPath::parse(name).unwrap().unwrap().to_string(), path);
        }
        assert_eq!(EntryPath::parse("./"), Ok(None));
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        type Make = fn(String) -> Refusal;
        let cases: [(&str, Make); 10] = [
            ("../x", Refusal::Traversal),
            ("a/../../x", Refusal::Traversal),
            ("..", Refusal::Traversal),
            ("/etc/passwd", Refusal::Absolute),
            ("C:/x", Refusal::Absolute),
            ("c:x", Refusal::Absolute),
            ("..\\x", Refusal::Backslash),
            ("a\nb", Refusal::HarmfulName),
            ("a\u{202e}sr.bil", Refusal::HarmfulName),
            ("a\0.rs", Refusal::HarmfulName),
        ];
        for (name, refusal) in cases {
            let expected = refusal(report::printable(name).into_owned());
            assert_eq!(EntryPath::parse(name), Err(expected), "{name:?}");
        }
        let deep = "a/".repeat(100);
        assert!(matches!(EntryPath::parse(&deep), Err(Refusal::LongName(_))));
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_name_its_path_stays_below(name in "\\PC*|[./\\\\a:]{0,24}") {
            if let Ok(Some(path)) = EntryPath::parse(&name) {
                let below = path.below(std::path::Path::new("/scratch"));
                assert!(below.starts_with("/scratch") && below != std::path::Path::new("/scratch"));
                assert!(below.components().all(|part| {
                    matches!(part, std::path::Component::RootDir | std::path::Component::Normal(_))
                }));
            }
        }
    }
}
