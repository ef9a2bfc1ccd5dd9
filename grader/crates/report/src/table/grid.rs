//! Rows and columns within a width.

use observation::Verdict;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Colour;
use super::legend::{letter, paint};

const GAP: &str = "  ";
const STUDENT: &str = "student";
const OUT_OF: &str = "out of";
/// A name is cut to this before the lessons are split over several tables.
const SHORTENED_NAME: usize = 16;

pub(super) struct Grid {
    /// Printable already.
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Column>,
}

pub(super) struct Column {
    pub(super) head: String,
    pub(super) out_of: String,
    /// As many as there are names.
    pub(super) cells: Vec<Cell>,
}

pub(super) struct Cell {
    pub(super) score: String,
    pub(super) verdict: Option<Verdict>,
}

/// How verdicts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Words,
    Letters,
}

/// Where a column's parts stand.
#[derive(Clone, Copy)]
struct Measure {
    score: usize,
    whole: usize,
}

impl Grid {
    /// The table, or several if one is too wide, each line ended.
    pub(super) fn render(&self, width: usize, colour: Colour) -> (String, Form) {
        let widest = self.names.iter().map(|name| name.width()).max().unwrap_or(0);
        let name_width = widest.max(STUDENT.len());
        let shortened = name_width.min(SHORTENED_NAME);
        let fits = |form, name_width| self.width(form, name_width) <= width;
        let (form, name_width) = match () {
            () if fits(Form::Words, name_width) => (Form::Words, name_width),
            () if fits(Form::Words, shortened) => (Form::Words, shortened),
            () if fits(Form::Letters, name_width) => (Form::Letters, name_width),
            () => (Form::Letters, shortened),
        };
        let bands = self.bands(form, name_width, width);
        let tables = bands.iter().map(|band| self.table(band, form, name_width, colour));
        (tables.collect::<Vec<_>>().join("\n"), form)
    }

    fn width(&self, form: Form, name_width: usize) -> usize {
        let columns = self.columns.iter().map(|column| GAP.len() + column.measure(form).whole);
        name_width + columns.sum::<usize>()
    }

    /// The columns in groups that fit beside the names, at least one in each.
    fn bands(&self, form: Form, name_width: usize, width: usize) -> Vec<Vec<&Column>> {
        let mut bands: Vec<Vec<&Column>> = Vec::new();
        let mut used = usize::MAX;
        for column in &self.columns {
            let needed = GAP.len() + column.measure(form).whole;
            match bands.last_mut() {
                Some(band) if used + needed <= width => {
                    band.push(column);
                    used += needed;
                }
                _ => {
                    bands.push(vec![column]);
                    used = name_width + needed;
                }
            }
        }
        bands
    }

    fn table(&self, band: &[&Column], form: Form, name_width: usize, colour: Colour) -> String {
        let measures: Vec<_> = band.iter().map(|column| column.measure(form)).collect();
        let row = |name: &str, cells: Vec<String>| {
            let line = format!("{}{GAP}{}", fit(name, name_width), cells.join(GAP));
            line.trim_end().to_owned() + "\n"
        };
        let columns = || band.iter().zip(&measures);
        let mut text = row(STUDENT, columns().map(|(c, m)| pad(&c.head, m.whole)).collect());
        text += &row(OUT_OF, columns().map(|(c, m)| m.score(&c.out_of)).collect());
        text += &row(
            &"─".repeat(name_width),
            measures.iter().map(|measure| "─".repeat(measure.whole)).collect(),
        );
        for (index, name) in self.names.iter().enumerate() {
            let cells = columns().map(|(c, m)| m.cell(&c.cells[index], form, colour)).collect();
            text += &row(name, cells);
        }
        text
    }
}

impl Column {
    fn measure(&self, form: Form) -> Measure {
        let scores = self.cells.iter().map(|cell| cell.score.width());
        let score = scores.chain([self.out_of.width()]).max().unwrap_or(0);
        let verdicts = self.cells.iter().filter_map(|cell| cell.verdict);
        let verdict = verdicts.map(|verdict| 1 + written(verdict, form).len()).max().unwrap_or(0);
        Measure { score, whole: self.head.width().max(score + verdict) }
    }
}

impl Measure {
    /// A score alone, above or below the other scores.
    fn score(self, score: &str) -> String {
        pad(&right(score, self.score), self.whole)
    }

    fn cell(self, cell: &Cell, form: Form, colour: Colour) -> String {
        let Some(verdict) = cell.verdict else { return self.score(&cell.score) };
        let text = format!("{} {}", right(&cell.score, self.score), written(verdict, form));
        let text = text.trim_end();
        let blank = " ".repeat(self.whole.saturating_sub(text.width()));
        paint(text, verdict, colour) + &blank
    }
}

fn written(verdict: Verdict, form: Form) -> &'static str {
    match form {
        Form::Words => verdict.as_str(),
        Form::Letters => letter(verdict),
    }
}

/// `text` in exactly `width` columns, its end cut off with a mark if need be.
fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return pad(text, width);
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used >= width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    pad(&kept, width)
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_exactly_whatever_the_width_of_their_letters() {
        for (text, width, fitted) in [
            ("ada", 5, "ada  "),
            ("ada", 3, "ada"),
            ("lovelace", 5, "love…"),
            ("李小龙", 6, "李小龙"),
            ("李小龙", 5, "李小…"),
            ("李小龙", 4, "李… "),
        ] {
            assert_eq!(fit(text, width), fitted);
            assert_eq!(fit(text, width).width(), width);
        }
    }
}
