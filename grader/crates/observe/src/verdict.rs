//! Turns what was seen of a run into an observation with a verdict and a reason.

use observation::{
    Exit, Hang, HangKind, Leftover, LimitKind, Observation, Process, Resources, SCHEMA, Unsure,
    Verdict, WaitFor,
};

use crate::shared::Shared;
use crate::streams::Streams;
use crate::watch::Ending;

/// The observation of a run that is over.
pub(crate) fn conclude(
    shared: Shared,
    streams: Streams,
    ending: Option<Ending>,
    mut unsure: Vec<Unsure>,
) -> Observation {
    let wall = shared.now();
    let state = shared.into_state();
    let leftovers = match &state.before {
        Some(before) => {
            let (left, doubtful) = before.since(&state.touched, &state.family.pids());
            unsure.extend(doubtful);
            left
        }
        None => Vec::new(),
    };
    // A hung run is over when the verdict on it is found; what follows is diagnosis.
    let found = ending.as_ref().and_then(Ending::found);
    let wall = state.root_ended.or(found).unwrap_or(wall);
    let usage = state.family.usage();
    let (peak_processes, peak_threads) = (state.family.peak_processes, state.family.peak_threads);
    let (processes, threads) = state.family.into_facts();
    let (latency, wait_for) = match &ending {
        Some(Ending::Deadlock { latency, graph, .. }) => (Some(*latency), Some(graph.clone())),
        Some(Ending::Livelock { graph, .. }) => (None, Some(graph.clone())),
        Some(Ending::Wall { graph, .. }) => (None, graph.clone()),
        _ => (None, state.stuck_at_end.clone()),
    };
    let exit = processes.first().and_then(|root| root.exit);
    let hang = if state.too_many { Some(too_many()) } else { ending.map(hang) };
    let stderr = streams.error.into_output();
    let hang = hang.or_else(|| exit.and_then(|exit| bound_broken(exit, &stderr.text)));
    let count = |is: fn(&Process) -> bool| {
        u32::try_from(processes.iter().filter(|one| is(one)).count()).unwrap_or(u32::MAX)
    };
    let zombies = count(|process| process.reaped == Some(false));
    let orphans = count(|process| process.orphan);
    let outlived = count(|process| process.orphan && process.ended.is_none());
    let ended = exit.map(|exit| End { exit, panicked: panicked(exit, &stderr.text) });
    let left = Left { zombies, outlived, objects: &leftovers };
    let (verdict, mut reason) = judge(hang.as_ref(), ended, &left);
    if let Some(circle) = state.stuck_at_end.as_ref().and_then(WaitFor::circle) {
        reason = format!("{reason}; when it ended, {}", stuck_for_ever(&circle));
    }
    Observation {
        schema: SCHEMA.to_owned(),
        verdict,
        reason,
        exit,
        hang,
        wall,
        verdict_latency: latency,
        stdout: streams.output.into_output(),
        stderr,
        processes,
        threads,
        peak_processes,
        peak_threads,
        zombies,
        orphans,
        leftovers,
        resources: Resources {
            user: usage.user,
            system: usage.system,
            peak_memory: state.root_memory.max(usage.peak_memory),
            voluntary_switches: usage.voluntary_switches,
            involuntary_switches: usage.involuntary_switches,
        },
        wait_for,
        unsure,
        confinement: String::new(),
    }
}

/// How the first process ended by itself.
#[derive(Clone, Copy)]
struct End {
    exit: Exit,
    panicked: bool,
}

/// What the standard library does at the end of a panic of the main thread.
fn panicked(exit: Exit, stderr: &str) -> bool {
    exit == Exit::Code(101) && stderr.contains("panicked at ")
}

/// What a run left behind.
struct Left<'a> {
    zombies: u32,
    outlived: u32,
    objects: &'a [Leftover],
}

fn judge(hang: Option<&Hang>, end: Option<End>, left: &Left<'_>) -> (Verdict, String) {
    if let Some(hang) = hang {
        let verdict = match hang.kind {
            HangKind::Deadlock => Verdict::Deadlock,
            HangKind::Livelock => Verdict::Livelock,
            HangKind::Timeout => Verdict::Timeout,
            HangKind::Limit(_) => Verdict::Limit,
        };
        return (verdict, hang.evidence.clone());
    }
    let code = match end {
        Some(End { exit: Exit::Signal(signal), .. }) => {
            return (Verdict::Crash, format!("signal {} ended it", name_of_signal(signal)));
        }
        Some(End { panicked: true, .. }) => {
            return (Verdict::Crash, "its main thread panicked".to_owned());
        }
        Some(End { exit: Exit::Code(code), .. }) => code,
        None => 0,
    };
    if left.zombies > 0 || left.outlived > 0 || !left.objects.is_empty() {
        return (Verdict::Leak, left.in_words());
    }
    (Verdict::Pass, format!("it ended by itself with exit status {code} and left nothing behind"))
}

impl Left<'_> {
    fn in_words(&self) -> String {
        let mut parts = Vec::new();
        if self.zombies > 0 {
            parts.push(format!("{} that no parent waited for", children(self.zombies)));
        }
        if self.outlived > 0 {
            parts.push(format!("{} still running", processes(self.outlived)));
        }
        parts.extend(self.objects.iter().map(|object| object.name.clone()));
        format!("it left behind {}", parts.join(" and "))
    }
}

fn children(count: u32) -> String {
    if count == 1 { "1 ended child".to_owned() } else { format!("{count} ended children") }
}

fn processes(count: u32) -> String {
    if count == 1 { "1 process".to_owned() } else { format!("{count} processes") }
}

fn hang(ending: Ending) -> Hang {
    match ending {
        Ending::Deadlock { graph, .. } => {
            Hang::new(HangKind::Deadlock, deadlock(graph.nodes.len()))
        }
        Ending::Livelock { evidence, .. }
        | Ending::Wall { burning: Some(evidence), .. }
        | Ending::Cpu { burning: Some(evidence) } => Hang::new(HangKind::Livelock, evidence),
        Ending::Wall { burning: None, graph: Some(graph), .. } if graph.circle().is_some() => {
            let circle = graph.circle().unwrap_or_default();
            let evidence = format!("{}, whatever the others do", stuck_for_ever(&circle));
            Hang::new(HangKind::Deadlock, evidence)
        }
        Ending::Wall { burning: None, why_open, .. } => {
            let mut evidence = "it did not end within its bound of wall time".to_owned();
            if let Some(doubtful) = &why_open {
                evidence += &format!("; no deadlock is proved: {doubtful}");
            }
            let doubt = why_open.map(|doubtful| doubtful.doubt);
            Hang { doubt, ..Hang::new(HangKind::Timeout, evidence) }
        }
        Ending::Cpu { burning: None } => limit(LimitKind::Cpu, "it used more processor time"),
        Ending::Output => limit(LimitKind::Output, "it wrote more output"),
    }
}

fn deadlock(waiting: usize) -> String {
    match waiting {
        1 => "its only thread waits for what only it could do".to_owned(),
        2 => "both threads wait, each for what only the other could do".to_owned(),
        all => format!("all {all} threads wait, each for what only another of them could do"),
    }
}

fn stuck_for_ever(circle: &[&str]) -> String {
    match circle {
        [one] => format!("{one} waits for itself for ever"),
        all => format!("{} wait for each other for ever", all.join(", ")),
    }
}

fn too_many() -> Hang {
    limit(LimitKind::Processes, "it had more processes and threads alive at once")
}

fn limit(kind: LimitKind, what: &str) -> Hang {
    Hang::new(HangKind::Limit(kind), format!("{what} than it may"))
}

/// The kernel enforces some bounds by itself; the end of the program tells.
fn bound_broken(exit: Exit, stderr: &str) -> Option<Hang> {
    match exit {
        Exit::Signal(libc::SIGXCPU) => Some(limit(LimitKind::Cpu, "it used more processor time")),
        Exit::Signal(libc::SIGXFSZ) => Some(limit(LimitKind::FileSize, "it wrote a larger file")),
        Exit::Signal(libc::SIGABRT) if out_of_memory(stderr) => {
            Some(limit(LimitKind::Memory, "it asked for more memory"))
        }
        Exit::Signal(_) | Exit::Code(_) => None,
    }
}

/// What the standard library prints when the allocator has nothing to give.
fn out_of_memory(stderr: &str) -> bool {
    let mut lines = stderr.lines().rev();
    lines.any(|line| line.starts_with("memory allocation of ") && line.ends_with(" bytes failed"))
}

fn name_of_signal(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal)
        .map_or_else(|_| signal.to_string(), |signal| signal.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: End = End { exit: Exit::Code(3), panicked: false };

    #[test]
    fn a_run_that_ends_clean_passes_whatever_its_code() {
        let (verdict, reason) =
            judge(None, Some(END), &Left { zombies: 0, outlived: 0, objects: &[] });
        assert_eq!(verdict, Verdict::Pass);
        assert_eq!(reason, "it ended by itself with exit status 3 and left nothing behind");
    }

    #[test]
    fn what_is_left_behind_is_counted_in_words() {
        let (verdict, reason) =
            judge(None, Some(END), &Left { zombies: 1, outlived: 2, objects: &[] });
        assert_eq!(verdict, Verdict::Leak);
        let expected =
            "it left behind 1 ended child that no parent waited for and 2 processes still running";
        assert_eq!(reason, expected);
    }

    #[test]
    fn a_failed_allocation_is_a_limit_and_not_a_crash() {
        let hang = bound_broken(Exit::Signal(6), "memory allocation of 99 bytes failed\n");
        assert_eq!(hang.unwrap().kind, HangKind::Limit(LimitKind::Memory));
    }
}
