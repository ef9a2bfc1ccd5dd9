//! Shows how far the work is: a bar on a terminal, a line for each result elsewhere.

use engine::class::{Event, Graded};
use engine::grade::Outcome;
use engine::judge::Judgement;
use indicatif::{ProgressBar, ProgressStyle};

/// Says on standard error what is being done.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Announces work of unknown length.
    pub(crate) fn say(what: &str) {
        eprintln!("{what}");
    }

    /// Begins work on `total` submissions.
    pub(crate) fn of(total: usize) -> Self {
        let bar = ProgressBar::new(total as u64);
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}");
        bar.set_style(style.expect("the template is a constant"));
        Self { bar }
    }

    /// Takes in an event; safe from several threads.
    pub(crate) fn tell(&self, event: Event<'_>) {
        match event {
            Event::Started(submission) => {
                let (student, lesson) = (&submission.student, &submission.lesson);
                self.bar.set_message(format!("{student} {lesson}"));
            }
            Event::Finished(graded) => {
                self.bar.inc(1);
                if self.bar.is_hidden() {
                    eprintln!("{}", line(graded, self.bar.position(), self.bar.length()));
                }
            }
            Event::Kept(_) => self.bar.inc(1),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn line(graded: &Graded<'_>, position: u64, length: Option<u64>) -> String {
    let submission = &graded.submission;
    let result = match &graded.outcome {
        Err(_) => "not gradable".to_owned(),
        Ok(Outcome::Refused { verdict, .. }) => verdict.to_string(),
        Ok(Outcome::Judged { tests, .. }) => {
            let passed = tests.iter().filter(|(_, judgement)| *judgement == Judgement::Passed);
            format!("{} of {} tests passed", passed.count(), tests.len())
        }
    };
    let (student, lesson) = (&submission.student, &submission.lesson);
    format!("[{position}/{}] {student} {lesson}: {result}", length.unwrap_or_default())
}
