//! A report for people.

use std::fmt;

use super::{Report, Step, Verdict, WaitFor};
use crate::engine::run::short;
use crate::engine::{MAIN, Run};

/// Rows that are shown of one interleaving; the end matters most.
const ROWS: usize = 120;

/// Characters per column.
const WIDTH: usize = 34;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.verdict, self.message)?;
        if let Some(first) = self.first_failure_at {
            let all = if self.exhaustive { "all " } else { "" };
            writeln!(
                f,
                "fails in {} of {all}{} schedules, first in number {first} ({}, seed {})",
                self.failures, self.schedules, self.scheduler, self.seed
            )?;
        } else if self.exhaustive {
            writeln!(f, "exhaustive: {} schedules, all there are", self.schedules)?;
        } else {
            writeln!(f, "{} schedules explored", self.schedules)?;
        }
        if let Some(graph) = &self.wait_for {
            write!(f, "\n{graph}")?;
        }
        if !self.interleaving.is_empty() {
            write!(f, "\n{}", self.interleaving)?;
        }
        if !self.output.is_empty() && self.verdict != Verdict::Pass {
            writeln!(f, "\nprinted in this schedule:")?;
            for line in self.output.lines().take(40) {
                writeln!(f, "  {line}")?;
            }
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        if let Some(schedule) = &self.schedule {
            writeln!(f, "\nto run this schedule again: INTERLEAVE_REPLAY='{schedule}'")?;
        }
        Ok(())
    }
}

impl fmt::Display for WaitFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in &self.nodes {
            let at = node.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
            write!(f, "  {} waits{at} for {}", node.name, node.waits_for)?;
            for edge in self.edges.iter().filter(|edge| edge.from == node.id) {
                if let Some(since) = &edge.held_since {
                    let holder = if edge.to == edge.from { "itself" } else { self.name(edge.to) };
                    write!(f, ", held by {holder} since {since}")?;
                }
            }
            writeln!(f)?;
        }
        if !self.cycle.is_empty() {
            let names: Vec<&str> = self.cycle.iter().map(|&id| self.name(id)).collect();
            writeln!(f, "  cycle: {} -> {}", names.join(" -> "), names[0])?;
        }
        Ok(())
    }
}

impl WaitFor {
    fn name(&self, id: usize) -> &str {
        let node = self.nodes.iter().find(|node| node.id == id);
        node.map_or("a thread that has ended", |node| &node.name)
    }
}

/// The names of a schedule's threads.
pub(crate) fn threads(run: &Run) -> Vec<String> {
    (MAIN..run.tasks.len()).map(|task| run.task_name(task)).collect()
}

/// The events of a schedule, without the repetitions of a spinning thread.
pub(crate) fn steps(run: &Run) -> Vec<Step> {
    let events = run.events.as_deref().unwrap_or_default();
    let mut steps: Vec<Step> = Vec::new();
    for event in events {
        let step = Step {
            thread: event.task.saturating_sub(MAIN),
            at: event.at.map(Into::into),
            text: event.text.clone(),
        };
        let repeats = steps.len() >= 2 && steps.ends_with(&[step.clone(), step.clone()]);
        if !repeats {
            steps.push(step);
        }
    }
    steps
}

/// The events of a schedule as a table: one column per thread, one row per step.
pub(crate) fn interleaving(run: &Run) -> String {
    let (steps, names) = (steps(run), threads(run));
    if names.len() < 2 || steps.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    let row = |text: &mut String, cells: Vec<String>| {
        let line: Vec<String> = cells.into_iter().map(|cell| format!("{cell:<WIDTH$}")).collect();
        text.push_str(format!("  {}", line.join("| ")).trim_end());
        text.push('\n');
    };
    let title = |(index, name): (usize, &String)| {
        let spawned = run.tasks[index + MAIN].spawned_at.filter(|_| index > 0);
        let spawned = spawned.map(|at| format!(" (from {})", short(at))).unwrap_or_default();
        cut(&format!("{name}{spawned}"))
    };
    row(&mut text, names.iter().enumerate().map(title).collect());
    row(&mut text, names.iter().map(|_| "-".repeat(WIDTH - 2)).collect());
    let skipped = steps.len().saturating_sub(ROWS);
    if skipped > 0 {
        text.push_str(&format!("  ... {skipped} steps before ...\n"));
    }
    for step in &steps[skipped..] {
        let line = step.at.as_ref().map(|at| at.line.to_string()).unwrap_or_default();
        let cell = format!("{line:>4} {}", step.text);
        for part in wrap(&cell) {
            let mut cells = vec![String::new(); names.len()];
            cells[step.thread] = part;
            row(&mut text, cells);
        }
    }
    text
}

fn cut(text: &str) -> String {
    text.chars().take(WIDTH - 1).collect()
}

/// Breaks a cell into lines, the later ones indented below the text of the first.
fn wrap(cell: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in cell.split_inclusive(' ') {
        let last = lines.len() - 1;
        let fits = lines[last].chars().count() + word.trim_end().chars().count() < WIDTH;
        if fits || lines[last].trim().is_empty() {
            lines[last].push_str(word);
        } else {
            lines.push(format!("     {word}"));
        }
    }
    lines.iter().map(|line| cut(line.trim_end())).collect()
}
