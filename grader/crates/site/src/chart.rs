//! Bars, as SVG that takes its colours from the page.

use serde::Serialize;

/// One bar of a histogram, in a drawing of [`WIDTH`] by [`HEIGHT`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Bar {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) count: usize,
    /// Where it begins, in percent.
    pub(crate) from: usize,
    pub(crate) label: String,
}

/// How wide a histogram is drawn.
pub(crate) const WIDTH: f64 = 600.0;
/// How high, without its labels.
pub(crate) const HEIGHT: f64 = 160.0;

/// How many of `percents`, each from 0 to 100 or more, fall into each ten.
pub(crate) fn histogram(percents: &[f64]) -> Vec<Bar> {
    let mut counts = [0; 10];
    for percent in percents {
        // Full marks, and extra credit beyond them, belong to the last ten.
        counts[((percent / 10.0) as usize).min(9)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let width = WIDTH / counts.len() as f64;
    let bar = |(index, count): (usize, usize)| {
        let height = (HEIGHT * count as f64 / most).round();
        let to = if index == 9 { 100 } else { index * 10 + 9 };
        Bar {
            x: index as f64 * width + 2.0,
            y: HEIGHT - height,
            width: width - 4.0,
            height,
            count,
            from: index * 10,
            label: format!("{}-{to}", index * 10),
        }
    };
    counts.into_iter().enumerate().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_percentage_falls_into_its_ten_and_full_marks_into_the_last() {
        let bars = histogram(&[0.0, 9.9, 10.0, 95.0, 100.0, 110.0]);
        let counts: Vec<_> = bars.iter().map(|bar| bar.count).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 3]);
        assert_eq!(bars[9].height, HEIGHT);
        assert_eq!(bars[9].label, "90-100");
    }
}
