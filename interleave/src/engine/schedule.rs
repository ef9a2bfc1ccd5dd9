//! A schedule as a value: what was chosen, in an order that can be replayed.

use std::fmt;
use std::str::FromStr;

use super::TaskId;

/// How time passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Time {
    /// Timers fire only when nothing else can run.
    #[default]
    Virtual,
    /// Timers fire at any moment, up to five times for each thread.
    Adversarial,
}

/// The rules of one schedule, fixed before it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// How time passes.
    pub time: Time,
    /// Whether waits that may end without a cause, and exchanges that may fail without one, do
    /// so now and then.
    pub spurious: bool,
    /// Whether releasing a lock and ending a thread are scheduling points. They have to be as
    /// soon as the program can look without waiting (`try_lock`, `is_finished`).
    pub fine: bool,
    /// Whether there is a scheduling point after an operation too, so that what the thread
    /// does next unseen, such as dropping an `Arc`, may come late.
    pub delays: bool,
    /// Whether a load of an atomic may give an older value where its memory ordering allows that.
    pub weak: bool,
    /// Whether, after the last step, every thread gets its turn without an end: a livelock.
    pub fair: bool,
}

impl Rules {
    /// Whether nothing happens without a cause: those of a search through all schedules.
    pub(crate) fn is_plain(self) -> bool {
        self.time == Time::Virtual && !self.spurious && !self.delays && !self.weak
    }
}

/// Every choice of one schedule. The same choices give the same run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Its rules.
    pub rules: Rules,
    /// The thread that ran at each step.
    pub tasks: Vec<u16>,
    /// Other choices: which waiter was notified, for instance.
    pub picks: Vec<u16>,
}

impl Schedule {
    /// Steps at which another thread than before ran.
    pub(crate) fn switches(&self) -> usize {
        self.tasks.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    pub(crate) fn task(&self, step: usize) -> Option<TaskId> {
        self.tasks.get(step).map(|&task| TaskId::from(task))
    }
}

/// `vs|1x3.2.1x2|0.1`: rules, then runs of thread numbers, then the other choices.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.rules.time {
            Time::Virtual => "v",
            Time::Adversarial => "a",
        })?;
        f.write_str(if self.rules.spurious { "s" } else { "" })?;
        f.write_str(if self.rules.fine { "f" } else { "" })?;
        f.write_str(if self.rules.delays { "d" } else { "" })?;
        f.write_str(if self.rules.weak { "w" } else { "" })?;
        f.write_str(if self.rules.fair { "l" } else { "" })?;
        f.write_str("|")?;
        for (index, run) in self.tasks.chunk_by(|a, b| a == b).enumerate() {
            let dot = if index > 0 { "." } else { "" };
            match run.len() {
                1 => write!(f, "{dot}{}", run[0])?,
                length => write!(f, "{dot}{}x{length}", run[0])?,
            }
        }
        f.write_str("|")?;
        for (index, pick) in self.picks.iter().enumerate() {
            write!(f, "{}{pick}", if index > 0 { "." } else { "" })?;
        }
        Ok(())
    }
}

/// A text that is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASchedule(String);

impl fmt::Display for NotASchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a schedule; one looks like `v|1x3.2.1x2|0.1`", self.0)
    }
}

impl std::error::Error for NotASchedule {}

impl FromStr for Schedule {
    type Err = NotASchedule;

    fn from_str(text: &str) -> Result<Self, NotASchedule> {
        parse(text.trim()).ok_or_else(|| NotASchedule(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Schedule> {
    let mut parts = text.split('|');
    let mut schedule = Schedule::default();
    for letter in parts.next()?.chars() {
        match letter {
            'v' => schedule.rules.time = Time::Virtual,
            'a' => schedule.rules.time = Time::Adversarial,
            's' => schedule.rules.spurious = true,
            'f' => schedule.rules.fine = true,
            'd' => schedule.rules.delays = true,
            'w' => schedule.rules.weak = true,
            'l' => schedule.rules.fair = true,
            _ => return None,
        }
    }
    for run in parts.next()?.split('.').filter(|run| !run.is_empty()) {
        let (task, length) = run.split_once('x').unwrap_or((run, "1"));
        let length: usize = length.parse().ok().filter(|&length| length <= 10_000_000)?;
        schedule.tasks.extend(std::iter::repeat_n(task.parse::<u16>().ok()?, length));
    }
    for pick in parts.next()?.split('.').filter(|pick| !pick.is_empty()) {
        schedule.picks.push(pick.parse().ok()?);
    }
    parts.next().is_none().then_some(schedule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_survives_being_written_and_read() {
        let schedule = Schedule {
            rules: Rules {
                time: Time::Adversarial,
                spurious: true,
                delays: true,
                ..Rules::default()
            },
            tasks: vec![1, 1, 1, 2, 1],
            picks: vec![0, 4],
        };
        assert_eq!(schedule.to_string(), "asd|1x3.2.1|0.4");
        assert_eq!(schedule.to_string().parse(), Ok(schedule));
    }

    #[test]
    fn an_empty_schedule_is_a_schedule() {
        assert_eq!("v||".parse(), Ok(Schedule::default()));
    }

    #[test]
    fn other_text_is_refused_by_name() {
        for text in ["", "v", "q||", "v|1y|", "v|1||", "v|1x99999999999|"] {
            assert!(text.parse::<Schedule>().is_err(), "{text:?} was read as a schedule");
        }
    }
}
