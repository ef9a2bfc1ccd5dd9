use std::fmt;
use std::sync::Arc;

use report::printable;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// A student's name, harmless wherever it goes.
///
/// It is one line, obeys no terminal, and is the name of a file in a folder: never empty, no
/// separators, not hidden, no option of a command, at most [`LONGEST`] bytes. What would be
/// otherwise is written out or replaced, so the name may differ from what was handed in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StudentName(Arc<str>);

/// Bytes of a name; file systems allow 255, and endings are added.
const LONGEST: usize = 120;

impl StudentName {
    /// The name that `raw` stands for.
    pub fn new(raw: &str) -> Self {
        let composed: String = raw.trim().nfc().collect();
        let flat = composed.replace(['/', '\\'], "_");
        let mut name = printable(&flat).into_owned();
        if name.is_empty() || name.starts_with(['-', '.']) {
            name.insert(0, '_');
        }
        if name.len() > LONGEST {
            // Two long names that begin alike stay two.
            let digest = Sha256::digest(raw.as_bytes());
            let mark: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            let end = (0..=LONGEST - 9).rev().find(|&at| name.is_char_boundary(at)).unwrap_or(0);
            name = format!("{}-{mark}", &name[..end]);
        }
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What names that a person, or a file system that ignores case, takes for the same share.
    pub(crate) fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// `text` without what people do not tell apart: case, composition, and runs of blanks.
pub(crate) fn fold(text: &str) -> String {
    let lower: String = text.nfc().collect::<String>().to_lowercase();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for StudentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_stay_as_they_are() {
        for name in ["ada", "Ada Lovelace", "李小龙", "José Núñez", "O'Neil, Rose-Marie", "نور"]
        {
            assert_eq!(StudentName::new(name).as_str(), name);
        }
    }

    #[test]
    fn what_a_shell_a_terminal_or_a_file_system_would_obey_is_gone() {
        for (raw, safe) in [
            ("../x", "_.._x"),
            ("-rf", "_-rf"),
            ("/etc/passwd", "_etc_passwd"),
            ("a\\..\\b", "a_.._b"),
            (".", "_."),
            ("..", "_.."),
            ("  ", "_"),
            ("", "_"),
            ("a\nb", "a\\nb"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\0b", "a\\u{0}b"),
        ] {
            assert_eq!(StudentName::new(raw).as_str(), safe, "{raw:?}");
        }
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let (a, b) = ("é".repeat(200) + "a", "é".repeat(200) + "b");
        let (a, b) = (StudentName::new(&a), StudentName::new(&b));
        assert!(a.as_str().len() <= LONGEST && b.as_str().len() <= LONGEST);
        assert_ne!(a, b);
    }

    #[test]
    fn one_name_in_two_encodings_is_one_name() {
        assert_eq!(StudentName::new("Zoe\u{308}"), StudentName::new("Zoë"));
        assert_eq!(StudentName::new("Zoë  X").folded(), StudentName::new("zoë x").folded());
    }
}
