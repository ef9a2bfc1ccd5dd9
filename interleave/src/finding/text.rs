//! A report for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Report, SourceLine, Step, Verdict, WaitFor};
use crate::engine::run::short;
use crate::engine::{Kind, MAIN, Place, Run};

/// Rows that are shown of one interleaving; the end matters most.
const ROWS: usize = 100;

/// Characters per column, at most.
const WIDTH: usize = 36;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.verdict, self.message)?;
        if let Some(first) = self.first_failure_at {
            writeln!(
                f,
                "fails in {} of {} schedules, first in number {first} ({}, seed {})",
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
            effect: event.effect.map(|(effect, object)| (effect, run.object_name(object))),
        };
        let repeats = steps.len() >= 2 && steps.ends_with(&[step.clone(), step.clone()]);
        if !repeats {
            steps.push(step);
        }
    }
    steps
}

/// The events of a schedule as a table: one column per thread, one row per step, and below it
/// what the letters stand for and the lines of source.
pub(crate) fn interleaving(run: &Run) -> String {
    let (steps, names) = (steps(run), threads(run));
    if names.len() < 2 || steps.is_empty() {
        return String::new();
    }
    let steps = &steps[steps.len().saturating_sub(ROWS)..];
    let files: BTreeSet<&str> =
        steps.iter().filter_map(|step| step.at.as_ref()).map(|at| at.file.as_str()).collect();
    let cell = |step: &Step| match &step.at {
        Some(at) if files.len() == 1 => format!("{:>3} {}", at.line, step.text),
        Some(at) => format!("{at} {}", step.text),
        None => step.text.clone(),
    };
    let rows: Vec<(usize, String)> = steps.iter().map(|step| (step.thread, cell(step))).collect();
    let started = |place: Place| match files.len() {
        1 if files.contains(place.file()) => format!("line {}", place.line()),
        _ => short(place),
    };
    let titles: Vec<String> =
        (0..names.len()).map(|column| title(run, &names, column, started)).collect();
    let mut text = String::new();
    if files.len() == 1 {
        let file = files.iter().next().map_or("", |file| file.rsplit('/').next().unwrap_or(file));
        let _ = writeln!(text, "  lines of {file}");
    }
    text.push_str(&table(&titles, &rows));
    text.push_str(&legend(run, &rows));
    text.push_str(&source(steps, files.len()));
    text
}

fn title(run: &Run, names: &[String], column: usize, place: impl Fn(Place) -> String) -> String {
    let spawned = run.tasks[column + MAIN].spawned_at.filter(|_| column > 0);
    let spawned = spawned.map(|at| format!(" (from {})", place(at))).unwrap_or_default();
    format!("{}{spawned}", names[column])
}

fn table(titles: &[String], rows: &[(usize, String)]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter(|(thread, _)| *thread == column);
        let longest = cells.map(|(_, cell)| cell.chars().count()).max().unwrap_or(0);
        longest.max(titles[column].chars().count()).min(WIDTH)
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let mut text = String::new();
    let mut line = |cells: &dyn Fn(usize) -> String| {
        let cells: Vec<String> = widths
            .iter()
            .enumerate()
            .map(|(column, &width)| format!("{:<width$}", cut(&cells(column), width)))
            .collect();
        let _ = writeln!(text, "{}", format!("  {}", cells.join(" | ")).trim_end());
    };
    line(&|column| titles[column].clone());
    line(&|column| "-".repeat(widths[column]));
    for (thread, cell) in rows {
        for part in wrap(cell, widths[*thread]) {
            line(&|column| if column == *thread { part.clone() } else { String::new() });
        }
    }
    text
}

/// What the letters stand for.
fn legend(run: &Run, rows: &[(usize, String)]) -> String {
    let mut text = String::new();
    for object in 0..run.objects.len() {
        let name = run.object_name(object);
        let shown = |cell: &str| {
            cell.split_once(&name).is_some_and(|(_, after)| {
                !after.starts_with(|next: char| next.is_ascii_alphanumeric())
            })
        };
        let known = matches!(run.objects[object].kind, Kind::Stream(_));
        if !known && rows.iter().any(|(_, cell)| shown(cell)) {
            let _ = writeln!(text, "  {}", run.object_origin(object));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// The lines of source that the steps refer to, where the files can be read.
fn source(steps: &[Step], files: usize) -> String {
    let mut lines: BTreeMap<(&str, u32), &SourceLine> = BTreeMap::new();
    for at in steps.iter().filter_map(|step| step.at.as_ref()) {
        lines.insert((&at.file, at.line), at);
    }
    let mut contents: BTreeMap<&str, Option<String>> = BTreeMap::new();
    let mut text = String::new();
    for ((file, line), at) in lines {
        let content = contents.entry(file).or_insert_with(|| read(file));
        let Some(code) = content.as_ref().and_then(|code| code.lines().nth(line as usize - 1))
        else {
            continue;
        };
        let place = if files == 1 { format!("{line:>4}") } else { at.to_string() };
        let _ = writeln!(text, "  {place} | {}", code.trim());
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// The compiler records paths from where it ran, which is often some directory above.
fn read(file: &str) -> Option<String> {
    let here = std::env::current_dir().unwrap_or_default();
    let candidates = here.ancestors().map(|directory| directory.join(file));
    let path = std::iter::once(PathBuf::from(file)).chain(candidates).find(|path| is_file(path))?;
    std::fs::read_to_string(path).ok()
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() < 1 << 20)
}

fn cut(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}

/// Breaks a cell into lines, the later ones indented below the text of the first.
fn wrap(cell: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in cell.split_inclusive(' ') {
        let last = lines.len() - 1;
        let fits = lines[last].chars().count() + word.trim_end().chars().count() <= width;
        if fits || lines[last].trim().is_empty() {
            lines[last].push_str(word);
        } else {
            lines.push(format!("    {word}"));
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_cells_go_on_below_their_text() {
        assert_eq!(wrap(" 47 locks the Mutex A", 14), [" 47 locks the", "    Mutex A"]);
    }

    #[test]
    fn a_table_has_one_column_per_thread() {
        let rows = [(0, "a".to_owned()), (1, "b".to_owned())];
        let text = table(&["main".into(), "other".into()], &rows);
        assert_eq!(text, "  main | other\n  ---- | -----\n  a    |\n       | b\n");
    }
}
