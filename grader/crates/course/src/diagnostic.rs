//! Course errors as miette diagnostics: one per problem, under one heading.

use std::fmt;
use std::iter::once;
use std::sync::Arc;

use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};

use crate::error::{CourseError, CourseErrors, Problem, Source};

impl CourseErrors {
    /// The problems as one diagnostic, for a handler of the caller's choice.
    pub fn into_diagnostic(self) -> CourseDiagnostic {
        let source = Arc::new(CourseText(Arc::clone(&self.source)));
        let problems = self.problems().iter().cloned();
        let problems = problems
            .map(|problem| ProblemDiagnostic { problem, source: Arc::clone(&source) })
            .collect();
        CourseDiagnostic { path: self.path().display().to_string(), problems }
    }
}

impl CourseError {
    /// The error as a report that miette's handlers render.
    pub fn into_report(self) -> miette::Report {
        match self {
            Self::Read { .. } => miette::IntoDiagnostic::into_diagnostic(Err::<(), _>(self))
                .expect_err("made of an error"),
            Self::Invalid(errors) => errors.into_diagnostic().into(),
        }
    }
}

/// A course file and what is wrong with it.
#[derive(Debug)]
pub struct CourseDiagnostic {
    path: String,
    problems: Vec<ProblemDiagnostic>,
}

impl fmt::Display for CourseDiagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "{} has a problem", self.path),
            count => write!(f, "{} has {count} problems", self.path),
        }
    }
}

impl std::error::Error for CourseDiagnostic {}

impl Diagnostic for CourseDiagnostic {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic)))
    }
}

#[derive(Debug)]
struct ProblemDiagnostic {
    problem: Problem,
    source: Arc<CourseText>,
}

impl fmt::Display for ProblemDiagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for ProblemDiagnostic {}

impl Diagnostic for ProblemDiagnostic {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&*self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(once(LabeledSpan::new_with_span(None, self.problem.span.clone()))))
    }
}

/// The text of a course, in which columns count characters as everywhere else, and not bytes.
#[derive(Debug)]
struct CourseText(Arc<Source>);

impl SourceCode for CourseText {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let Source { path, text } = &*self.0;
        let found = text.read_span(span, lines_before, lines_after)?;
        let start = found.span().offset();
        let before = text.get(start - found.column()..start).unwrap_or_default();
        Ok(Box::new(MietteSpanContents::new_named(
            path.display().to_string(),
            found.data(),
            *found.span(),
            found.line(),
            before.chars().count(),
            found.line_count(),
        )))
    }
}
