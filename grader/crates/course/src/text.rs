use std::collections::BTreeMap;

use observation::Verdict;
use serde::{Deserialize, Serialize};

/// The languages that a course speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

/// One line of text for a person, in every language of the course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Text {
    /// The same words whatever the language.
    pub fn plain(words: impl Into<String>) -> Self {
        let words = words.into();
        Self { en: words.clone(), zh: words }
    }

    /// The text in `language`.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        }
    }
}

/// What to tell a student whose test failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    pub(crate) by_verdict: BTreeMap<Verdict, Text>,
    pub(crate) otherwise: Option<Text>,
}

impl Hint {
    /// The hint for a test that ended in `verdict`; none for one that passed or was not judged.
    pub fn for_verdict(&self, verdict: Verdict) -> Option<&Text> {
        match verdict {
            Verdict::Pass | Verdict::NotGradable => None,
            verdict => self.by_verdict.get(&verdict).or(self.otherwise.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_for_a_verdict_goes_before_the_one_for_any() {
        let hint = Hint {
            by_verdict: BTreeMap::from([(Verdict::Deadlock, Text::plain("order the locks"))]),
            otherwise: Some(Text::plain("look again")),
        };
        let english = |verdict| hint.for_verdict(verdict).map(|text| text.get(Language::En));
        assert_eq!(english(Verdict::Deadlock), Some("order the locks"));
        assert_eq!(english(Verdict::Crash), Some("look again"));
        assert_eq!(english(Verdict::Pass), None);
        assert_eq!(english(Verdict::NotGradable), None);
    }
}
