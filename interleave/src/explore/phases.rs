//! The order in which schedules are tried, and the verdict in the end.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::outcome::{FailureKind, judge};
use super::run_schedules::{Body, run_schedules};
use super::tally::{First, Tally};
use super::{Explore, shorten, watchdog};
use crate::engine::dfs::Dfs;
use crate::engine::portfolio::Portfolio;
use crate::engine::replay::Replay;
use crate::engine::run::{End, Uses};
use crate::engine::schedule::{Rules, Schedule, Time};
use crate::engine::{Run, exploring};
use crate::finding::{Report, Verdict};

/// Stacks that broken-off schedules may leak before the exploration ends.
const LEAKED_STACKS: usize = 3_000;

/// Schedules that show what a test uses and about how many schedules it has.
const FIRST_LOOK: usize = 200;

/// Schedules that strategies choose, however long they are.
const AT_LEAST: usize = 300;

/// Schedules per one of an exhaustive search that try what the search leaves out.
const BEYOND: usize = 20;

/// Steps that the very first schedule may take.
const FIRST_STEPS: usize = 20_000;

/// Steps that any schedule may take, however long the others are.
const MOST_STEPS: usize = 500_000;

/// Steps that a schedule which does not end gets under a fair scheduler. Whatever takes more
/// counts as a livelock.
const FAIR_STEPS: usize = 500_000;

/// Steps of a livelock that are shown.
const SHOWN_STEPS: usize = 60;

pub(super) fn explore(settings: &Explore, body: Body) -> Report {
    assert!(!exploring(), "an exploration was begun inside of another: #[test] explores already");
    // Statics are shared by all explorations of the process.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let _watch = watchdog::watch(settings);
    if let Some(schedule) = &settings.replay {
        return replay(settings, &body, schedule.clone());
    }
    let mut exploration = Exploration {
        settings,
        body,
        tally: Rc::default(),
        rules: Rules::default(),
        step_limit: FIRST_STEPS,
        searched: None,
        started: Instant::now(),
    };
    let all = exploration.run();
    exploration.report(all)
}

struct Exploration<'a> {
    settings: &'a Explore,
    body: Body,
    tally: Rc<RefCell<Tally>>,
    rules: Rules,
    step_limit: usize,
    /// The rules of the search through all schedules that was tried last.
    searched: Option<Rules>,
    started: Instant,
}

impl Exploration<'_> {
    /// Runs all phases; the number of all schedules there are if they covered each.
    fn run(&mut self) -> Option<usize> {
        self.portfolio(vec![self.rules], 1, 0);
        let (longest, any_choice) = {
            let tally = self.tally.borrow();
            (tally.longest, tally.any_choice)
        };
        self.step_limit = (longest * 20).clamp(5_000, MOST_STEPS);
        if !any_choice {
            let ended = self.tally.borrow().unfinished == 0 && !self.failed();
            return ended.then_some(1);
        }
        self.portfolio(vec![self.rules], self.settings.schedules.min(FIRST_LOOK), 1);
        let mut all = self.search(1.0);
        if let Some(all) = all {
            // Not part of the search: each may happen at any moment.
            let rules = self.beyond(self.tally.borrow().uses);
            self.portfolio(rules, self.part().min(BEYOND * all), 3);
        } else {
            self.wander();
            // A first estimate may be far too high.
            all = self.search(2.0);
        }
        all.filter(|_| !self.failed())
    }

    /// Tries to run every schedule if there are about as few as may be tried. Time that is
    /// modelled keeps that from covering everything.
    fn search(&mut self, leniency: f64) -> Option<usize> {
        loop {
            let (uses, estimate) = {
                let tally = self.tally.borrow();
                (tally.uses, tally.estimate())
            };
            self.rules.fine |= uses.tries;
            let budget = self.settings.exhaustive_up_to.min(self.affordable());
            let hopeless = estimate > budget as f64 * leniency;
            let timing = self.settings.timing && uses.timers;
            if self.failed() || timing || hopeless || self.searched == Some(self.rules) {
                return None;
            }
            self.searched = Some(self.rules);
            let all = self.exhaustive(budget);
            // What a program uses may show in some schedules only.
            let uses = self.tally.borrow().uses;
            if self.rules.fine == uses.tries {
                return all.filter(|_| !(self.settings.timing && uses.timers));
            }
        }
    }

    /// Lets the strategies choose, within their budget.
    fn wander(&mut self) {
        let part = self.part();
        let fine = self.rules.fine;
        self.portfolio(vec![self.rules], part.saturating_sub(FIRST_LOOK), 5);
        let uses = self.tally.borrow().uses;
        if uses.tries && !fine && !self.failed() {
            self.rules.fine = true;
            self.portfolio(vec![self.rules], part, 2);
        }
        let timing = self.settings.timing && uses.timers;
        let parts = if timing { 2 } else { 4 };
        let rules = [vec![self.rules; 2], self.beyond(uses)].concat();
        self.portfolio(rules, parts * part, 3);
        if timing {
            let adversarial = Rules { time: Time::Adversarial, ..self.rules };
            let mut rules = vec![adversarial; 3];
            rules.extend(uses.spurious.then_some(Rules { spurious: true, ..adversarial }));
            self.portfolio(rules, 2 * part, 4);
        }
    }

    /// Rules under which more may happen than an operation's own effect.
    fn beyond(&self, uses: Uses) -> Vec<Rules> {
        let mut rules = vec![Rules { delays: true, ..self.rules }];
        rules.extend(uses.spurious.then_some(Rules { spurious: true, ..self.rules }));
        rules.extend(uses.weak.then_some(Rules { weak: true, ..self.rules }));
        rules
    }

    /// A fifth of the schedules that the strategies may choose.
    fn part(&self) -> usize {
        self.settings.schedules.min(self.affordable().max(AT_LEAST)).div_ceil(5)
    }

    /// How many schedules like those so far the bound on steps allows.
    fn affordable(&self) -> usize {
        let tally = self.tally.borrow();
        self.settings.steps / (tally.steps / tally.schedules.max(1)).max(1)
    }

    fn failed(&self) -> bool {
        self.tally.borrow().first.is_some()
    }

    fn done(&self) -> bool {
        self.tally.borrow().done()
    }

    /// Lets the strategies choose `count` schedules. Each `stage` has seeds of its own.
    fn portfolio(&self, rules: Vec<Rules>, count: usize, stage: u64) {
        let timing = rules[0].time == Time::Adversarial;
        // A failure is only counted on under the rules under which it was found.
        let found = self.tally.borrow().first.as_ref().map(|first| first.timing);
        if self.done() || found.is_some_and(|found| found != timing) {
            return;
        }
        let settings = self.settings;
        let seed = settings.seed ^ stage << 56;
        let portfolio = Portfolio::new(&settings.strategies, seed, rules, count);
        let portfolio = Rc::new(RefCell::new(portfolio));
        loop {
            let mut absorb = self.absorb(timing);
            let turns = Rc::clone(&portfolio);
            run_schedules(&self.body, turns, self.step_limit, move |turns, run| {
                absorb(&run, &turns.borrow().strategy().to_string())
            });
            if self.confirm() != Confirmed::No {
                return;
            }
        }
    }

    /// Tries to run every schedule there is; their number if `budget` was enough.
    fn exhaustive(&self, budget: usize) -> Option<usize> {
        if budget == 0 || self.done() {
            return None;
        }
        let (tried, unfinished) = {
            let tally = self.tally.borrow();
            (tally.schedules, tally.unfinished)
        };
        let exhausted = Rc::new(Cell::new(false));
        let dfs = Dfs::new(self.rules, Rc::clone(&exhausted));
        let mut absorb = self.absorb(false);
        let tally = Rc::clone(&self.tally);
        // Where threads try again and again there is always a longer schedule, whatever the
        // length of those that were chosen before.
        let mut steps_left = self.settings.steps;
        run_schedules(&self.body, dfs, self.step_limit, move |_, run| {
            steps_left = steps_left.saturating_sub(run.schedule.tasks.len());
            absorb(&run, "exhaustive")?;
            if tally.borrow().schedules - tried >= budget || steps_left == 0 {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        self.confirm();
        let tally = self.tally.borrow();
        let complete = exhausted.get() && tally.unfinished == unfinished && tally.first.is_none();
        complete.then(|| tally.schedules - tried)
    }

    /// Takes note of each schedule, and breaks off some time after the first failure.
    fn absorb(&self, timing: bool) -> impl FnMut(&Run, &str) -> ControlFlow<()> + 'static {
        let tally = Rc::clone(&self.tally);
        let (should_panic, limit) = (self.settings.should_panic, self.settings.time_limit);
        let started = self.started;
        move |run, scheduler| {
            let mut tally = tally.borrow_mut();
            tally.note(run, scheduler);
            if let Some(failure) = judge(run, should_panic) {
                tally.failures += 1;
                if tally.first.is_none() {
                    tally.first = Some(First {
                        at: tally.schedules,
                        failure,
                        schedule: run.schedule.clone(),
                        scheduler: scheduler.to_owned(),
                        timing,
                    });
                }
            }
            if tally.leaked > LEAKED_STACKS {
                let threads = tally.leaked;
                tally.stopped = Some(format!(
                    "stopped early: {threads} threads were still blocked when their test had ended"
                ));
            }
            if limit.is_some_and(|limit| started.elapsed() > limit) {
                tally.stopped = Some("stopped early: the time limit was reached".into());
            }
            if tally.done() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }

    /// Finds out whether a schedule that did not end was only unfair, and forgets it then.
    fn confirm(&self) -> Confirmed {
        let suspect = {
            let tally = self.tally.borrow();
            let first = tally.first.as_ref();
            first
                .filter(|first| first.failure.kind == FailureKind::TooLong)
                .map(|first| first.schedule.clone())
        };
        let Some(schedule) = suspect else { return Confirmed::NothingToDo };
        let mut tally = self.tally.borrow_mut();
        let fair = |steps: usize| {
            let mut tasks = schedule.tasks.clone();
            tasks.truncate(steps);
            let rules = Rules { fair: true, ..schedule.rules };
            let schedule = Schedule { rules, tasks, picks: schedule.picks.clone() };
            let run = replay_once(&self.body, schedule.clone(), FAIR_STEPS, false)?;
            Some((judge(&run, self.settings.should_panic), schedule, run))
        };
        let Some((failure, whole, run)) = fair(usize::MAX) else { return Confirmed::NothingToDo };
        let (Some(failure), Some(first)) = (failure, &mut tally.first) else {
            tally.first = None;
            tally.failures = 0;
            tally.longest = tally.longest.max(run.schedule.tasks.len());
            return Confirmed::No;
        };
        first.schedule = run.schedule;
        if matches!(failure.kind, FailureKind::TooLong | FailureKind::TooLarge) {
            // Nobody reads thousands of steps: the beginning often leads to the same.
            let short = fair(100).filter(|(other, ..)| other.as_ref() == Some(&failure));
            first.schedule = short.map_or(whole, |(_, schedule, _)| schedule);
        }
        first.failure = failure;
        Confirmed::Yes
    }

    fn report(self, all: Option<usize>) -> Report {
        let settings = self.settings;
        let mut tally = self.tally.borrow_mut();
        let mut report = Report::new(&settings.name, settings.seed);
        // Those that the strategies chose are among them.
        report.schedules = all.unwrap_or(tally.schedules);
        report.exhaustive = all.is_some();
        report.notes = tally.notes();
        if let Some(first) = tally.first.take() {
            drop(tally);
            self.describe(&mut report, &first);
            return report;
        }
        let missing = tally.reached.iter().find(|(_, reached)| !reached);
        if let Some((label, _)) = missing {
            report.verdict = Verdict::Serialised;
            report.message = format!(
                "\"{label}\" is so in none of {} schedules: what could run at once never does",
                report.schedules
            );
        } else {
            report.message = "no schedule fails".into();
        }
        report
    }

    /// Fills in what is known of the first failure, from a shortened schedule.
    fn describe(&self, report: &mut Report, first: &First) {
        let failures = self.tally.borrow().failures;
        report.failures = failures;
        report.first_failure_at = Some(first.at);
        report.scheduler.clone_from(&first.scheduler);
        let livelock = matches!(first.failure.kind, FailureKind::TooLong | FailureKind::TooLarge);
        let again = |schedule: Schedule, traced: bool| {
            let further = if livelock && traced { SHOWN_STEPS } else { FAIR_STEPS };
            replay_once(&self.body, schedule, further, traced)
        };
        let should_panic = self.settings.should_panic;
        let same = |run: &Run| {
            judge(run, should_panic).is_some_and(|failure| {
                failure.kind == first.failure.kind && failure.message == first.failure.message
            })
        };
        let shortened = if livelock {
            Some(first.schedule.clone())
        } else {
            shorten::shorten(&first.schedule, same, |schedule| again(schedule, false))
        };
        if shortened.is_none() {
            report.notes.push(
                "the same schedule did not fail again: the program depends on more than its \
                 schedule (time, random numbers, addresses, the order of a HashMap)"
                    .into(),
            );
        }
        let schedule = shortened.unwrap_or_else(|| first.schedule.clone());
        if let Some(run) = again(schedule.clone(), true) {
            report.show(&run);
        }
        report.verdict = verdict(first, failures == report.schedules);
        report.message.clone_from(&first.failure.message);
        report.schedule = Some(schedule);
        if first.timing {
            report.message = format!(
                "{}; only when timers fire early: it relies on a sleep or a timeout",
                report.message
            );
        }
        if let Some(schedule) = &report.schedule {
            report.notes.extend(meaning(schedule.rules));
        }
    }
}

/// What a reader of a schedule has to know about its rules.
fn meaning(rules: Rules) -> impl Iterator<Item = String> {
    let spurious = "in this schedule a wait may end, or a compare_exchange_weak fail, without a \
                    cause: std allows both";
    let delays = "in this schedule a thread may be held up right after an operation, before it \
                  does what needs none: before it drops an Arc, for instance";
    let weak = "in this schedule a load may give a value that another thread has replaced before: \
                what is not `SeqCst` may, unless something orders the two";
    let notes = [(rules.spurious, spurious), (rules.delays, delays), (rules.weak, weak)];
    notes.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note.to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Confirmed {
    NothingToDo,
    Yes,
    No,
}

fn verdict(first: &First, always: bool) -> Verdict {
    match first.failure.kind {
        FailureKind::Deadlock => Verdict::Deadlock,
        FailureKind::TooLong => Verdict::Livelock,
        FailureKind::Flood | FailureKind::TooLarge => Verdict::Limit,
        FailureKind::Escape => Verdict::Forbidden,
        FailureKind::Wrong | FailureKind::Panic if first.timing => Verdict::Timing,
        FailureKind::Wrong if always => Verdict::WrongOutput,
        FailureKind::Panic if always => Verdict::Crash,
        FailureKind::Wrong | FailureKind::Panic => Verdict::Race,
    }
}

/// Runs one given schedule and reports it.
fn replay(settings: &Explore, body: &Body, schedule: Schedule) -> Report {
    let mut report = Report::new(&settings.name, settings.seed);
    report.scheduler = "replay".into();
    report.schedules = 1;
    let Some(run) = replay_once(body, schedule.clone(), FAIR_STEPS, false) else {
        return report;
    };
    let further = if run.end == Some(End::TooLong) { SHOWN_STEPS } else { FAIR_STEPS };
    if let Some(traced) = replay_once(body, schedule.clone(), further, true) {
        report.show(&traced);
    }
    report.message = "the schedule does not fail".into();
    if let Some(failure) = judge(&run, settings.should_panic) {
        report.message.clone_from(&failure.message);
        report.failures = 1;
        report.first_failure_at = Some(1);
        let first = First {
            at: 1,
            failure,
            timing: run.rules().time == Time::Adversarial,
            schedule: schedule.clone(),
            scheduler: String::new(),
        };
        report.verdict = verdict(&first, false);
    }
    report.schedule = Some(schedule);
    report
}

/// Runs one schedule, and for up to `further` steps beyond it.
fn replay_once(body: &Body, schedule: Schedule, further: usize, traced: bool) -> Option<Run> {
    let limit = schedule.tasks.len() + further;
    let mut replay = Replay::new(schedule);
    replay.traced = traced;
    let result = Rc::new(RefCell::new(None));
    let kept = Rc::clone(&result);
    run_schedules(body, replay, limit, move |_, run| {
        *kept.borrow_mut() = Some(run);
        ControlFlow::Break(())
    });
    result.take()
}
