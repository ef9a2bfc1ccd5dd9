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

    /// This, and then `next` for those whom it does not help.
    fn then(&self, next: &Self) -> Self {
        Self {
            en: format!("{} If that does not tell: {}", self.en, next.en),
            zh: format!("{}如果还看不出来：{}", self.zh, next.zh),
        }
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
    /// With the hints of `general` for verdicts that have none here. They tell how to read such a
    /// verdict, so what is said here for any verdict comes behind them.
    pub(crate) fn over(mut self, general: &Self) -> Self {
        let any = self.otherwise.or_else(|| general.otherwise.clone());
        for (verdict, text) in &general.by_verdict {
            let whole = || any.as_ref().map_or_else(|| text.clone(), |any| text.then(any));
            self.by_verdict.entry(*verdict).or_insert_with(whole);
        }
        Self { otherwise: any, ..self }
    }

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

    #[test]
    fn what_is_said_in_general_comes_before_what_is_said_for_any_verdict() {
        let verdict = |verdict, text| BTreeMap::from([(verdict, Text::plain(text))]);
        let general =
            Hint { by_verdict: verdict(Verdict::Crash, "Read its last words."), otherwise: None };
        let english = |hint: Hint, verdict| Some(hint.for_verdict(verdict)?.en.clone());
        let own = Hint { otherwise: Some(Text::plain("Look again.")), ..Hint::default() };
        let whole = own.over(&general);
        assert_eq!(
            english(whole.clone(), Verdict::Crash).as_deref(),
            Some("Read its last words. If that does not tell: Look again.")
        );
        assert_eq!(english(whole, Verdict::Race).as_deref(), Some("Look again."));
        let own =
            Hint { by_verdict: verdict(Verdict::Crash, "Divide by no zero."), otherwise: None };
        let whole = own.over(&general);
        assert_eq!(english(whole.clone(), Verdict::Crash).as_deref(), Some("Divide by no zero."));
        assert_eq!(english(whole, Verdict::Race), None);
    }
}
