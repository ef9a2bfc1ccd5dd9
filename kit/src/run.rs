use std::fmt::{Display, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Output};
use std::time::Duration;

use assert_cmd::assert::Assert;
use observation::{
    Exit, Fact, Hang, HangKind, Leftover, LeftoverKind, LimitKind, Observation, Resources, Verdict,
};

use crate::tasks::exit_in_words;
use crate::{Checked, Events, Finding, Processes, Threads};

/// One observed run of the student's program.
#[derive(Clone, Debug)]
pub struct Run {
    observation: Observation,
    command: String,
    picture: Option<String>,
    /// Whether a driver ended before its `main` did.
    cut_short: bool,
}

impl Run {
    pub(crate) fn new(
        observation: Observation,
        command: String,
        picture: Option<String>,
        cut_short: bool,
    ) -> Self {
        Self { observation, command, picture, cut_short }
    }

    /// Everything that was seen.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    /// Standard output.
    pub fn stdout(&self) -> &str {
        &self.observation.stdout.text
    }

    /// The lines of standard output, sorted.
    pub fn sorted_lines(&self) -> Vec<&str> {
        let mut lines: Vec<_> = self.stdout().lines().collect();
        lines.sort_unstable();
        lines
    }

    /// The labelled events on standard output.
    pub fn events(&self) -> Events {
        Events::read(self.stdout())
    }

    /// The run in the hands of assert_cmd, whose predicates then work as everywhere.
    pub fn assert(&self) -> Assert {
        let status = match self.observation.exit {
            Some(Exit::Code(code)) => ExitStatus::from_raw(code << 8),
            Some(Exit::Signal(signal)) => ExitStatus::from_raw(signal),
            // What we end, we end with SIGKILL.
            None => ExitStatus::from_raw(9),
        };
        let bytes = |text: &str| text.as_bytes().to_vec();
        Assert::new(Output {
            status,
            stdout: bytes(&self.observation.stdout.text),
            stderr: bytes(&self.observation.stderr.text),
        })
    }

    /// Passes if the program ended by itself with exit code 0, a lesson's driver at the end of
    /// its `main`: one that never comes there has shown nothing.
    pub fn ends_well(&self) -> Checked {
        if let Some(hang) = &self.observation.hang {
            let verdict = hang_verdict(hang.kind);
            return Err(
                self.found(Finding::new(verdict, hang.evidence.clone()).seeing(self.seen()))
            );
        }
        let claim = match self.observation.exit {
            Some(Exit::Code(0)) if self.cut_short => {
                let claim = "the program ended before `main` in src/main.rs did: \
                             `exit` was called, perhaps in the wrong process";
                return Err(self.found(Finding::wrong(claim).seeing(self.seen())));
            }
            Some(Exit::Code(0)) => return Ok(()),
            Some(Exit::Code(101)) => panic_message(&self.observation.stderr.text),
            Some(Exit::Code(code)) => format!("the program ended with exit code {code}"),
            Some(Exit::Signal(signal)) => format!("the program was ended by signal {signal}"),
            None => "the program did not end".to_owned(),
        };
        Err(self.found(Finding::new(Verdict::Crash, claim).seeing(self.seen())))
    }

    /// The run itself, unless it broke a bound other than those of time.
    pub(crate) fn within_bounds(self) -> Checked<Self> {
        match &self.observation.hang {
            Some(Hang { kind: HangKind::Limit(limit), evidence, .. })
                if *limit != LimitKind::Cpu =>
            {
                let finding = Finding::new(Verdict::Limit, evidence.clone());
                Err(self.found(finding.seeing(self.seen())))
            }
            _ => Ok(self),
        }
    }

    /// Passes if the program came to a standstill: every task asleep, waiting for another.
    ///
    /// For runs in which somebody waits for what never happens, started by
    /// [`meant_to_hang`](crate::Program::meant_to_hang). One that ends did not wait; one that
    /// keeps the processor busy, or wakes up again and again, does not sleep.
    pub fn stands_still(&self) -> Checked {
        let Some(hang) = &self.observation.hang else {
            self.ends_well()?;
            let claim = "the program should wait for what never happens here; it ended";
            return Err(self.found(Finding::wrong(claim).seeing(self.seen())));
        };
        match hang.kind {
            HangKind::Deadlock => Ok(()),
            // Where nothing can be proved, sleeping looks like waking up again and again.
            HangKind::Timeout if self.sure_of(Fact::Deadlock).is_err() => Ok(()),
            HangKind::Livelock | HangKind::Timeout | HangKind::Limit(_) => {
                let claim = format!("whoever waits should sleep until woken: {}", hang.evidence);
                let finding = Finding::new(hang_verdict(hang.kind), claim);
                Err(self.found(finding.seeing(self.seen())))
            }
        }
    }

    /// Whether the run ended in a proved deadlock.
    pub fn deadlocked(&self) -> bool {
        self.hung(HangKind::Deadlock)
    }

    /// Whether the run was ended for using the processor up.
    ///
    /// On a busy machine it may be doubtful that it did nothing else.
    pub fn spun(&self) -> bool {
        self.hung(HangKind::Livelock) || self.hung(HangKind::Limit(LimitKind::Cpu))
    }

    /// Whether the run did not end by itself, for the given reason.
    pub fn hung(&self, kind: HangKind) -> bool {
        self.observation.hang.as_ref().is_some_and(|hang| hang.kind == kind)
    }

    /// Processes that the program created, itself not counted.
    pub fn processes_created(&self) -> Checked<usize> {
        self.sure_of(Fact::Processes)?;
        Ok(self.observation.processes.len().saturating_sub(1))
    }

    /// Threads that the program created, first threads not counted.
    pub fn threads_created(&self) -> Checked<usize> {
        self.sure_of(Fact::Processes)?;
        Ok(self.observation.threads.len())
    }

    /// The most processes that were alive at once.
    pub fn peak_processes(&self) -> Checked<usize> {
        self.sure_of(Fact::Processes)?;
        Ok(self.observation.peak_processes as usize)
    }

    /// The most threads that were alive at once over all processes, first threads included.
    pub fn peak_threads(&self) -> Checked<usize> {
        self.sure_of(Fact::Processes)?;
        Ok(self.observation.peak_threads as usize)
    }

    /// Every process of the run, the program itself first.
    pub fn processes(&self) -> Checked<Processes<'_>> {
        self.sure_of(Fact::Processes)?;
        Ok(Processes::of(&self.observation.processes))
    }

    /// Every thread of the run, first threads of processes not counted.
    pub fn threads(&self) -> Checked<Threads<'_>> {
        self.sure_of(Fact::Processes)?;
        Ok(Threads::of(&self.observation.threads))
    }

    /// How the process that knew itself as `pid` ended; a finding if there was none, or if
    /// it had to be ended.
    pub fn exit_of(&self, pid: i32) -> Checked<Exit> {
        let process = self.check(self.processes()?.with_pid(pid))?;
        let claim = format!("process {pid} did not end by itself");
        process.exit.ok_or_else(|| self.found(Finding::new(Verdict::Leak, claim)))
    }

    /// Passes if the process that knew itself as `pid` ended as `expected`.
    pub fn ends_as(&self, pid: i32, expected: Exit) -> Checked {
        let seen = self.exit_of(pid)?;
        let [wanted, found] = [expected, seen].map(|exit| exit_in_words(Some(exit)));
        let claim = format!("process {pid} should end with {wanted}, it ended with {found}");
        self.check(Finding::wrong(claim).unless(seen == expected))
    }

    /// The children that ended and were never reaped by their parent.
    pub fn zombies(&self) -> Checked<Processes<'_>> {
        self.sure_of(Fact::Reaping)?;
        Ok(self.processes()?.filter(|process| process.reaped == Some(false)))
    }

    /// The processes that outlived their parent or the program.
    pub fn orphans(&self) -> Checked<Processes<'_>> {
        self.sure_of(Fact::Reaping)?;
        Ok(self.processes()?.filter(|process| process.orphan))
    }

    /// The objects that stayed behind, ordinary files among them.
    pub fn leftovers(&self) -> Checked<&[Leftover]> {
        self.sure_of(Fact::Leftovers)?;
        Ok(&self.observation.leftovers)
    }

    /// Processor time that all its processes used.
    pub fn processor_time(&self) -> Checked<Duration> {
        let used = self.resources()?;
        Ok(used.user + used.system)
    }

    /// Processor time, memory and context switches of all its processes. What one process
    /// used itself is in its [`Process::resources`](observation::Process).
    pub fn resources(&self) -> Checked<Resources> {
        self.sure_of(Fact::Resources)?;
        Ok(self.observation.resources)
    }

    /// Times that a task gave up the processor by itself: about once for each time it
    /// really waited. One that polls in a loop shows processor time in place of it.
    pub fn times_waited(&self) -> Checked<u64> {
        Ok(self.resources()?.voluntary_switches)
    }

    /// Passes if the program created exactly `expected` processes.
    pub fn creates_processes(&self, expected: usize) -> Checked {
        let created = self.processes_created()?;
        let claim = format!("processes created: expected {expected}, saw {created}");
        self.check(Finding::wrong(claim).unless(created == expected))
    }

    /// Passes if every process was reaped, none outlived the program, and no object
    /// of the operating system stayed behind.
    pub fn leaves_nothing_behind(&self) -> Checked {
        self.sure_of(Fact::Reaping)?;
        self.sure_of(Fact::Leftovers)?;
        let seen = &self.observation;
        let mut left = Vec::new();
        if seen.zombies > 0 {
            left.push(format!(
                "{} never reaped by wait",
                plural(seen.zombies, "child", "children")
            ));
        }
        if seen.orphans > 0 {
            left.push(format!("{} still running", plural(seen.orphans, "process", "processes")));
        }
        // An ordinary file is no object of the system, and goes with its directory.
        let objects = seen.leftovers.iter().filter(|object| object.kind != LeftoverKind::File);
        left.extend(objects.map(|object| format!("{:?} {}", object.kind, object.name)));
        let claim = format!("the program left behind: {}", left.join(", "));
        self.check(Finding::new(Verdict::Leak, claim).unless(left.is_empty()))
    }

    /// Adds to a finding how the run can be repeated.
    pub fn check<T>(&self, checked: Checked<T>) -> Checked<T> {
        checked.map_err(|finding| self.found(finding))
    }

    /// A finding about this run.
    pub fn found(&self, finding: Finding) -> Finding {
        let wait_for = finding.wait_for.or_else(|| self.observation.wait_for.clone());
        let command = finding.command.or_else(|| Some(self.command.clone()));
        let run = finding.run.or_else(|| Some(Box::new(self.observation.without_output())));
        let picture = finding.picture.or_else(|| self.picture.clone());
        Finding { wait_for, command, run, picture, ..finding }
    }

    fn sure_of(&self, fact: Fact) -> Checked {
        match self.observation.unsure_of(fact) {
            Some(reason) => Err(Finding::not_checkable(reason)),
            None => Ok(()),
        }
    }

    /// The end of what the program said, and who waited for whom.
    fn seen(&self) -> String {
        const SHOWN: usize = 8;
        let mut text = String::new();
        if let Some(graph) = &self.observation.wait_for {
            let _ = writeln!(text, "{graph}");
        }
        for (name, output) in
            [("stderr", &self.observation.stderr), ("stdout", &self.observation.stdout)]
        {
            let lines: Vec<_> = output.text.lines().collect();
            if lines.is_empty() {
                continue;
            }
            let from = lines.len().saturating_sub(SHOWN);
            let _ = writeln!(text, "{name}{}:", if from > 0 { ", its last lines" } else { "" });
            for line in lines.iter().skip(from) {
                let _ = writeln!(text, "  {line}");
            }
        }
        text
    }
}

/// Where and why a program panicked, as the first panic on `stderr` says.
fn panic_message(stderr: &str) -> String {
    let place = |line: &str| {
        let (_, place) = line.strip_prefix("thread '")?.split_once(" panicked at ")?;
        Some(place.trim_end_matches(':').to_owned())
    };
    let mut lines = stderr.lines();
    match lines.find_map(place) {
        Some(place) => {
            let message = lines.next().unwrap_or_default();
            format!("the program panicked at {place}: {message}")
        }
        None => "the program panicked".to_owned(),
    }
}

/// The verdict on a run that did not end by itself.
fn hang_verdict(kind: HangKind) -> Verdict {
    match kind {
        HangKind::Deadlock => Verdict::Deadlock,
        HangKind::Livelock => Verdict::Livelock,
        HangKind::Timeout => Verdict::Timeout,
        HangKind::Limit(_) => Verdict::Limit,
    }
}

fn plural(count: impl Display + PartialEq<u32>, one: &str, many: &str) -> String {
    let word = if count == 1 { one } else { many };
    format!("{count} {word}")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A run that ended well after it had written `said`.
    pub(crate) fn said(said: &str) -> Observation {
        let mut run = run(Some(Exit::Code(0)), None, &[]);
        said.clone_into(&mut run.observation.stdout.text);
        run.observation
    }

    fn run(exit: Option<Exit>, hang: Option<HangKind>, unsure: &[Fact]) -> Run {
        let hang = hang.map(|kind| serde_json::json!({"kind": kind, "evidence": "seen"}));
        let unsure = unsure.iter().map(|fact| serde_json::json!({"fact": fact, "reason": "no"}));
        let json = serde_json::json!({
            "schema": observation::SCHEMA, "verdict": "pass", "reason": "", "exit": exit,
            "hang": hang, "wall_ms": 1.0, "verdict_ms": null,
            "stdout": {"text": "", "bytes": 0, "truncated": false},
            "stderr": {"text": "", "bytes": 0, "truncated": false},
            "processes": [], "threads": [], "peak_processes": 1, "peak_threads": 1,
            "zombies": 0, "orphans": 0, "leftovers": [],
            "resources": {"user_ms": 0.0, "system_ms": 0.0, "peak_memory": 0,
                "voluntary_switches": 0, "involuntary_switches": 0},
            "wait_for": null, "unsure": unsure.collect::<Vec<_>>(), "confinement": ""
        });
        Run::new(serde_json::from_value(json).unwrap(), "cargo run".to_owned(), None, false)
    }

    #[test]
    fn standing_still_is_sleeping_and_nothing_else() {
        let verdict = |run: &Run| run.stands_still().map_err(|finding| finding.verdict);
        let hung = |kind| verdict(&run(None, Some(kind), &[]));
        assert_eq!(hung(HangKind::Deadlock), Ok(()));
        assert_eq!(hung(HangKind::Livelock), Err(Verdict::Livelock));
        assert_eq!(hung(HangKind::Timeout), Err(Verdict::Timeout));
        assert_eq!(verdict(&run(Some(Exit::Code(0)), None, &[])), Err(Verdict::WrongOutput));
        assert_eq!(verdict(&run(Some(Exit::Code(101)), None, &[])), Err(Verdict::Crash));
        // A host that proves no deadlock convicts nobody of waking up.
        let unproved = run(None, Some(HangKind::Timeout), &[Fact::Deadlock]);
        assert_eq!(verdict(&unproved), Ok(()));
    }

    #[test]
    fn a_driver_that_was_cut_short_does_not_end_well() {
        let whole = run(Some(Exit::Code(0)), None, &[]);
        assert_eq!(whole.ends_well(), Ok(()));
        let cut_short = Run { cut_short: true, ..whole };
        assert_eq!(cut_short.ends_well().unwrap_err().verdict, Verdict::WrongOutput);
    }

    #[test]
    fn a_run_that_took_too_much_is_evidence_of_nothing() {
        let verdict = |hang| {
            run(None, hang, &[]).within_bounds().map(drop).map_err(|finding| finding.verdict)
        };
        let limit = |kind| verdict(Some(HangKind::Limit(kind)));
        assert_eq!(limit(LimitKind::Processes), Err(Verdict::Limit));
        assert_eq!(limit(LimitKind::Output), Err(Verdict::Limit));
        assert_eq!(limit(LimitKind::Cpu), Ok(()));
        assert_eq!(verdict(Some(HangKind::Deadlock)), Ok(()));
        assert_eq!(verdict(None), Ok(()));
    }

    #[test]
    fn the_first_panic_is_told_with_its_place() {
        let stderr = "\nthread 'main' (7) panicked at src/lib.rs:18:9:\nnot yet implemented: count\n\
                      note: run with `RUST_BACKTRACE=1`\nthread 'b' (8) panicked at x:1:1:\nlater\n";
        assert_eq!(
            panic_message(stderr),
            "the program panicked at src/lib.rs:18:9: not yet implemented: count"
        );
        assert_eq!(panic_message("Segmentation fault"), "the program panicked");
    }
}
