//! What a property has asked of the program already, and what was seen.
//!
//! A property is checked in several runs of random sizes, and some of what it asks does not
//! depend on them. What was asked twice and came out the same is not asked a third time; where
//! two runs differ in anything that a test can look at, chance has a part in it, and each
//! occasion counts.

use std::cell::RefCell;

use observation::{Hang, Observation, Output, Process, Request};

thread_local! {
    static ASKED: RefCell<Option<Asked>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Asked {
    questions: Vec<Question>,
    /// Whether something was run, and whether something was known, since [`repeats`] began.
    run: bool,
    known: bool,
}

struct Question {
    request: Request,
    first: Observation,
    /// Whether it was asked again, and the same was seen.
    confirmed: Option<bool>,
}

/// Does `check`, and remembers for so long what its runs on this thread ask.
pub(crate) fn remembering<T>(check: impl FnOnce() -> T) -> T {
    ASKED.set(Some(Asked::default()));
    let checked = check();
    ASKED.set(None);
    checked
}

/// Does `check`, and says whether all that it asked for was known.
pub(crate) fn repeats<T>(check: impl FnOnce() -> T) -> (T, bool) {
    ASKED.with_borrow_mut(|asked| {
        if let Some(asked) = asked {
            (asked.run, asked.known) = (false, false);
        }
    });
    let checked = check();
    let repeats = |asked: &Asked| asked.known && !asked.run;
    (checked, ASKED.with_borrow(|asked| asked.as_ref().is_some_and(repeats)))
}

/// What is seen in a run of `request`: by `run`, unless that is known.
pub(crate) fn once_more<E>(
    request: &Request,
    run: impl FnOnce() -> Result<Observation, E>,
) -> Result<Observation, E> {
    let known = ASKED.with_borrow_mut(|asked| asked.as_mut()?.recall(request));
    if let Some(known) = known {
        return Ok(known);
    }
    let seen = run()?;
    ASKED.with_borrow_mut(|asked| {
        if let Some(asked) = asked {
            asked.note(request, &seen);
        }
    });
    Ok(seen)
}

impl Asked {
    fn recall(&mut self, request: &Request) -> Option<Observation> {
        let mut questions = self.questions.iter();
        let known = questions
            .find(|question| question.confirmed == Some(true) && question.request == *request);
        // A run that fails is none of the program's, and no repetition either.
        *(if known.is_some() { &mut self.known } else { &mut self.run }) = true;
        known.map(|question| question.first.clone())
    }

    fn note(&mut self, request: &Request, seen: &Observation) {
        let asked = self.questions.iter_mut().find(|question| question.request == *request);
        match asked {
            Some(question) => {
                let same = shown(&question.first) == shown(seen);
                question.confirmed = Some(same && question.confirmed != Some(false));
            }
            None => self.questions.push(Question {
                request: request.clone(),
                first: seen.clone(),
                confirmed: None,
            }),
        }
    }
}

/// What does not differ between two runs but by chance. Times and numbers of processes always do.
fn shown(observation: &Observation) -> impl PartialEq {
    let Observation { verdict, exit, hang, stdout, stderr, processes, threads, .. } = observation;
    let text = |output: &Output| output.text.clone();
    let end = |process: &Process| (process.exit, process.reaped, process.orphan);
    let ends: Vec<_> = processes.iter().map(end).collect();
    let kind = |hang: &Hang| hang.kind;
    (
        (*verdict, *exit, hang.as_ref().map(kind), observation.unsure.len()),
        (text(stdout), text(stderr), observation.leftovers.clone()),
        (ends, threads.len(), observation.peak_processes, observation.peak_threads),
    )
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn request(workers: &str) -> Request {
        Request {
            args: vec!["--workers".to_owned(), workers.to_owned()],
            ..Request::new("program")
        }
    }

    /// Asks for each, with what the program would say, and counts how many runs that takes.
    fn runs(asked: &[(&str, &str)]) -> usize {
        let mut runs = 0;
        for (workers, said) in asked {
            let run = || {
                runs += 1;
                Ok::<_, Infallible>(crate::run::tests::said(said))
            };
            let seen = once_more(&request(workers), run).unwrap();
            assert_eq!(seen.stdout.text, *said);
        }
        runs
    }

    #[test]
    fn what_came_out_the_same_twice_is_not_run_a_third_time() {
        let asked = [("3", "a"), ("3", "a"), ("3", "a"), ("4", "a"), ("3", "a")];
        assert_eq!(remembering(|| runs(&asked)), 3);
        assert_eq!(runs(&asked), 5, "outside of a property nothing is remembered");
    }

    #[test]
    fn where_chance_has_a_part_each_occasion_counts() {
        let asked = [("3", "a"), ("3", "b"), ("3", "b"), ("3", "b"), ("3", "a")];
        assert_eq!(remembering(|| runs(&asked)), 5);
    }

    #[test]
    fn a_run_that_could_not_be_made_repeats_nothing() {
        remembering(|| {
            runs(&[("3", "a"), ("3", "a")]);
            let broken = || once_more(&request("4"), || Err("no pipes left")).unwrap_err();
            let checked = repeats(|| (runs(&[("3", "a")]), broken()));
            assert_eq!(checked, ((0, "no pipes left"), false));
        });
    }

    #[test]
    fn only_what_asks_nothing_new_repeats() {
        let repeats = |asked: &[(&str, &str)]| repeats(|| runs(asked)).1;
        remembering(|| {
            assert!(!repeats(&[("3", "a")]));
            assert!(!repeats(&[("3", "a")]));
            assert!(repeats(&[("3", "a")]));
            assert!(!repeats(&[("3", "a"), ("4", "a")]));
            assert!(!repeats(&[]), "what runs nothing repeats nothing");
        });
    }
}
