use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::{Report, State};

/// The report for a person: one line per finding, and below it what would help.
pub fn table(report: &Report) -> String {
    let widths = report.findings.iter().map(|finding| finding.subject.width());
    let width = widths.max().unwrap_or(0);
    let mut text = String::new();
    for finding in &report.findings {
        let state = match finding.state {
            State::Holds => "holds",
            State::Partly => "partly",
            State::Missing => "missing",
        };
        let _ = writeln!(text, "{:width$}  {state:7}  {}", finding.subject, finding.what);
        if let Some(advice) = &finding.advice {
            let _ = writeln!(text, "{:width$}  {:7}  hint: {advice}", "", "");
        }
    }
    for reason in &report.refused {
        let _ = writeln!(text, "\n{reason}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Finding, SCHEMA};

    #[test]
    fn findings_stand_in_columns_with_their_hints_below() {
        let finding = |subject, state, advice: Option<&str>| Finding {
            subject,
            state,
            what: "so".to_owned(),
            advice: advice.map(str::to_owned),
        };
        let report = Report {
            schema: SCHEMA,
            tier: None,
            refused: vec!["tier A cannot be had: why".to_owned()],
            findings: vec![
                finding("files", State::Holds, None),
                finding("kill everything", State::Partly, Some("try")),
            ],
        };
        let expected = "\
files            holds    so
kill everything  partly   so
                          hint: try

tier A cannot be had: why
";
        assert_eq!(table(&report), expected);
    }
}
