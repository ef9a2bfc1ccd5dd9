use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;

use crate::end::End;

/// The arguments of a driver: `--name value` pairs, each with a default.
///
/// A driver is run by hand while a student looks for a mistake, so wrong usage
/// ends it with a message and exit code 2.
///
/// To be kept until the end of `main`: that is how a test knows that `main` came there, and was
/// not cut short by an `exit` in the student's code.
#[derive(Debug)]
pub struct Arguments {
    given: BTreeMap<String, String>,
    /// If somebody wants to hear of it.
    _end: Option<End>,
}

/// What tests give every driver: to say when `main` begins and ends.
const SAY_END: &str = "say-end";

impl Arguments {
    /// Takes the process's own arguments; `names` are those that the driver knows.
    pub fn take(names: &[&str]) -> Self {
        match parse(std::env::args().skip(1), names) {
            Ok(mut given) => {
                let wanted = given.remove(SAY_END).is_some();
                Self { given, _end: wanted.then(End::to_come) }
            }
            Err(problem) => usage(problem),
        }
    }

    /// The value of `--name`, or `default`.
    pub fn get<T: Value>(&self, name: &str, default: T) -> T {
        let Some(value) = self.given(name) else { return default };
        T::of(value).unwrap_or_else(|| misfit(name, value))
    }

    /// The values of `--name 3,1,4`, or `default`; an empty text is an empty list.
    pub fn list<T: Value>(&self, name: &str, default: Vec<T>) -> Vec<T> {
        let mut list = Vec::new();
        let mut add = |value: &str| list.push(T::of(value).unwrap_or_else(|| misfit(name, value)));
        if self.each_part(name, &mut add) { list } else { default }
    }

    // What is not generic is compiled here and not again with every driver.

    fn given(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    /// Whether `--name` was given.
    fn each_part(&self, name: &str, add: &mut dyn FnMut(&str)) -> bool {
        let Some(values) = self.given(name) else { return false };
        values.split(',').filter(|value| !value.is_empty()).for_each(add);
        true
    }
}

/// What the value of an argument can be.
pub trait Value: Sized {
    /// Reads it; none if `text` is no such value.
    fn of(text: &str) -> Option<Self>;
}

/// `FromStr` of std would be compiled again with every driver.
macro_rules! values {
    ($($kind:ty),*) => {
        $(impl Value for $kind {
            fn of(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        })*
    };
}

values!(u8, u32, u64, usize, i32, i64, f64, char, String, PathBuf);

fn misfit(name: &str, value: &str) -> ! {
    usage(format!("--{name} cannot be `{value}`"))
}

fn parse(
    mut words: impl Iterator<Item = String>,
    names: &[&str],
) -> Result<BTreeMap<String, String>, String> {
    let mut given = BTreeMap::new();
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--").filter(|name| *name == SAY_END || names.contains(name));
        let Some(name) = name else {
            let known: Vec<_> = names.iter().map(|name| format!("--{name}")).collect();
            return Err(format!("unknown argument `{word}`; known are {}", known.join(", ")));
        };
        let Some(value) = words.next() else { return Err(format!("--{name} needs a value")) };
        given.insert(name.to_owned(), value);
    }
    Ok(given)
}

#[expect(clippy::print_stderr, reason = "a driver's words to whoever runs it by hand")]
fn usage(problem: impl Display) -> ! {
    eprintln!("{problem}");
    std::process::exit(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Arguments, String> {
        let words = words.iter().map(|&word| word.to_owned());
        parse(words, &["size", "numbers"]).map(|given| Arguments { given, _end: None })
    }

    #[test]
    fn a_value_that_is_given_replaces_the_default() {
        let arguments = parsed(&["--size", "7"]).unwrap();
        assert_eq!(arguments.get("size", 3), 7);
        assert_eq!(parsed(&[]).unwrap().get("size", 3), 3);
    }

    #[test]
    fn lists_are_split_at_commas() {
        let arguments = parsed(&["--numbers", "3,-1,4"]).unwrap();
        assert_eq!(arguments.list("numbers", Vec::<i32>::new()), [3, -1, 4]);
        assert_eq!(parsed(&["--numbers", ""]).unwrap().list("numbers", vec![1]), []);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let problem = parsed(&["--sizes", "7"]).unwrap_err();
        assert_eq!(problem, "unknown argument `--sizes`; known are --size, --numbers");
    }

    #[test]
    fn every_driver_can_say_when_it_ends() {
        assert!(parsed(&["--say-end", "1"]).is_ok());
    }
}
