//! Names that are checked once and then trusted.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

/// What a name may not be; the text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(String);

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                $check(text).map(|()| Self(text.to_owned())).map_err(NameError)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// Names a course.
    CourseId, check_id
}
name! {
    /// Names a unit within its course.
    UnitId, check_id
}
name! {
    /// Names a lesson: its package, and its folder under `exercises/`.
    LessonId, check_package
}
name! {
    /// Names a test of a lesson as the test binary prints it: `peak_is_three`, `errors::too_many`.
    TestName, check_test
}
name! {
    /// Names a crate that student code may use.
    CrateName, check_crate
}

/// A student's file, relative to the lesson's folder: a Rust file under `src/`, and not the driver.
///
/// With that, no submission can replace a manifest, a build script, a test or the driver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct StudentFile(PathBuf);

impl StudentFile {
    /// The path, relative to the lesson's folder.
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for StudentFile {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for StudentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl FromStr for StudentFile {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_file(text).map(|()| Self(PathBuf::from(text))).map_err(NameError)
    }
}

const LONGEST_ID: usize = 64;

/// Names that Cargo refuses for a package, or that would shadow a crate which every build has.
const RESERVED: [&str; 60] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

fn check_id(text: &str) -> Result<(), String> {
    let words = text.split('-').all(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    let starts_well = text.starts_with(|first: char| first.is_ascii_lowercase());
    if !words || !starts_well || text.len() > LONGEST_ID {
        return Err(format!(
            "`{text}` is not an id; write lower-case words joined by hyphens, such as `pool-map`"
        ));
    }
    Ok(())
}

fn check_package(text: &str) -> Result<(), String> {
    check_id(text)?;
    match RESERVED.contains(&text) {
        true => Err(format!("`{text}` is not a name that a package can have; choose another")),
        false => Ok(()),
    }
}

fn check_test(text: &str) -> Result<(), String> {
    if !text.split("::").all(is_identifier) {
        return Err(format!(
            "`{text}` is not the name of a test; write it as the test binary prints it, such as \
             `peak_is_three` or `errors::too_many`"
        ));
    }
    Ok(())
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn check_crate(text: &str) -> Result<(), String> {
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    match starts_well && text.bytes().all(allowed) {
        true => Ok(()),
        false => Err(format!("`{text}` is not the name of a crate")),
    }
}

fn check_file(text: &str) -> Result<(), String> {
    let path = Path::new(text);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)))
        // `components` forgives `a//b` and `a/./b`; two spellings of one file would pass as two files.
        && text.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
        && !text.contains('\\')
        && !text.contains(char::is_control);
    if !plain {
        return Err(format!(
            "`{text}` does not stay inside the lesson; write a plain relative path, such as `src/lib.rs`"
        ));
    }
    if !path.starts_with("src") || path.extension().is_none_or(|extension| extension != "rs") {
        return Err(format!(
            "`{text}` is not a Rust file under src/, and students hand in no other"
        ));
    }
    // Some file systems fold case, and there `src/Main.rs` is the driver too.
    let lower = text.to_ascii_lowercase();
    if lower == "src/main.rs" || lower.starts_with("src/acts/") {
        return Err(format!("`{text}` belongs to the driver, which no student replaces"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: FromStr<Err = NameError> + fmt::Debug>(text: &str) -> String {
        text.parse::<T>().expect_err(text).to_string()
    }

    #[test]
    fn lessons_are_named_like_packages() {
        for text in ["fork", "pool-map", "unit2", "message-queue"] {
            assert_eq!(text.parse::<LessonId>().unwrap().as_str(), text);
        }
        let long = "a".repeat(65);
        for text in
            ["", "Pool", "pool_map", "pool--map", "-pool", "pool-", "2fork", "../x", "池", &long]
        {
            assert!(refusal::<LessonId>(text).contains("lower-case words"), "{text}");
        }
        for text in ["test", "std", "loop", "proc-macro", "yield"] {
            assert!(refusal::<LessonId>(text).contains("choose another"), "{text}");
        }
    }

    #[test]
    fn tests_are_named_as_the_test_binary_prints_them() {
        for text in ["peak_is_three", "errors::too_many", "_x9"] {
            assert_eq!(text.parse::<TestName>().unwrap().as_str(), text);
        }
        for text in ["", "two words", "a::", "::a", "a:b", "9x", "a-b", "a\n"] {
            assert!(refusal::<TestName>(text).contains("not the name of a test"), "{text}");
        }
    }

    #[test]
    fn students_hand_in_rust_files_under_src() {
        for text in ["src/lib.rs", "src/account/mod.rs", "src/bin/main.rs"] {
            assert_eq!(text.parse::<StudentFile>().unwrap().as_path(), Path::new(text));
        }
        for text in [
            "",
            "/src/lib.rs",
            "../src/lib.rs",
            "src/../build.rs",
            "src//lib.rs",
            "./src/lib.rs",
            "src/lib.rs/",
            "src\\lib.rs",
            "src/a\nb.rs",
            "src/\0.rs",
        ] {
            assert!(refusal::<StudentFile>(text).contains("inside the lesson"), "{text:?}");
        }
        for text in ["build.rs", "Cargo.toml", "tests/x.rs", "src/data.txt", "src"] {
            assert!(refusal::<StudentFile>(text).contains("under src/"), "{text}");
        }
        for text in ["src/main.rs", "src/Main.rs", "src/acts/mod.rs"] {
            assert!(refusal::<StudentFile>(text).contains("the driver"), "{text}");
        }
    }

    #[test]
    fn crates_are_named_as_on_the_registry() {
        assert!("nix".parse::<CrateName>().is_ok() && "serde_json".parse::<CrateName>().is_ok());
        for text in ["", "a b", "nix = \"1\"", "../nix"] {
            assert!(refusal::<CrateName>(text).contains("name of a crate"), "{text}");
        }
    }
}
