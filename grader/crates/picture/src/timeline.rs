//! A run as lanes over time.

use std::time::Duration;

use observation::{Observation, Verdict};

use crate::lanes::{End, Kind, Lane, lanes};
use crate::svg::{Drawing, round, shorten};

/// Widths of the three columns: names, time, and what is to be said at the end.
const NAMES: f64 = 190.0;
const TIME: f64 = 640.0;
const NOTES: f64 = 400.0;
const TOP: f64 = 64.0;

/// Draws one lane per process and thread: births, ends, and what each waited for.
pub fn timeline(seen: &Observation) -> String {
    let lanes = lanes(seen);
    let scale = Scale::of(seen, &lanes);
    let height = TOP + scale.pitch * lanes.len() as f64 + 16.0;
    let mut drawing = Drawing::new();
    let reason = shorten(&seen.reason, 150);
    // A run that ended well can be one that fails a test: that is not said by the run.
    let title = match seen.verdict {
        Verdict::Pass => reason,
        verdict => format!("{verdict}: {reason}"),
    };
    drawing.text(12.0, 22.0, "title", "start", &title);
    axis(&mut drawing, &scale, height);
    for lane in lanes.iter().enumerate() {
        birth(&mut drawing, &scale, lane, &lanes);
    }
    for (row, lane) in lanes.iter().enumerate() {
        draw(&mut drawing, &scale, row, lane);
    }
    let description = format!(
        "Timeline of a run: {} processes, {} more threads, {}",
        seen.processes.len(),
        seen.threads.len(),
        seen.verdict
    );
    drawing.finished(NAMES + TIME + NOTES, round(height), &description)
}

/// Where times and lanes come to lie.
struct Scale {
    whole: Duration,
    /// From one lane to the next.
    pitch: f64,
    /// When those that waited at the end had begun to.
    blocked: Duration,
}

impl Scale {
    fn of(seen: &Observation, lanes: &[Lane]) -> Self {
        let ends = lanes.iter().filter_map(|lane| lane.ended).max().unwrap_or_default();
        let whole = seen.wall.max(ends).max(Duration::from_micros(1));
        let blocked = whole.saturating_sub(seen.verdict_latency.unwrap_or_default());
        let pitch = if lanes.len() > 24 { 17.0 } else { 24.0 };
        Self { whole, pitch, blocked }
    }

    fn x(&self, time: Duration) -> f64 {
        NAMES + TIME * (time.as_secs_f64() / self.whole.as_secs_f64()).min(1.0)
    }

    fn y(&self, row: usize) -> f64 {
        TOP + self.pitch * (row as f64 + 0.5)
    }
}

fn axis(drawing: &mut Drawing, scale: &Scale, height: f64) {
    let step = step(scale.whole);
    let mut at = Duration::ZERO;
    while at <= scale.whole {
        let x = round(scale.x(at));
        let (top, bottom) = (TOP - 8.0, round(height - 8.0));
        drawing.element(
            "line",
            &[("x1", &x), ("x2", &x), ("y1", &top), ("y2", &bottom), ("class", &"rule")],
        );
        drawing.text(x, TOP - 14.0, "dim small", "middle", &duration(at));
        at += step;
    }
}

/// A round step that gives between four and eleven marks.
fn step(whole: Duration) -> Duration {
    let mut step = Duration::from_micros(1);
    let factors = [2, 5, 10];
    loop {
        for factor in factors {
            if step * factor * 10 >= whole {
                return step * factor;
            }
        }
        step *= 10;
    }
}

fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds >= 1.0 {
        format!("{seconds:.3}").trim_end_matches('0').trim_end_matches('.').to_owned() + " s"
    } else if time >= Duration::from_millis(1) || time.is_zero() {
        format!("{} ms", round(seconds * 1e3))
    } else {
        format!("{} µs", time.as_micros())
    }
}

/// A line from the lane of the parent down to the start of its child.
fn birth(drawing: &mut Drawing, scale: &Scale, (row, lane): (usize, &Lane), lanes: &[Lane]) {
    let Some(parent) = lane.parent.filter(|parent| *parent < lanes.len()) else { return };
    let x = round(scale.x(lane.started));
    let (from, to) = (round(scale.y(parent)), round(scale.y(row)));
    drawing.element("path", &[("d", &format!("M{x} {from}V{to}")), ("class", &"birth")]);
}

fn draw(drawing: &mut Drawing, scale: &Scale, row: usize, lane: &Lane) {
    let y = scale.y(row);
    let indent = 12.0 + 12.0 * lane.depth.min(5) as f64;
    let room = 24_usize.saturating_sub(lane.depth.min(5) * 2);
    drawing.text(indent, y + 4.0, "", "start", &shorten(&lane.label, room));
    let thickness = match lane.kind {
        Kind::Process => scale.pitch * 0.5,
        Kind::Thread => scale.pitch * 0.3,
    };
    let class = match lane.kind {
        Kind::Process => "live",
        Kind::Thread => "thread",
    };
    let end = lane.ended.unwrap_or(scale.whole);
    let waiting_from = lane.waits.as_ref().map(|_| scale.blocked.max(lane.started));
    let awake_until = waiting_from.unwrap_or(end);
    let title = format!("{}: from {} to {}", lane.label, duration(lane.started), duration(end));
    bar(drawing, scale, (lane.started, awake_until), (y, thickness), class, &title);
    if let (Some(from), Some(waits)) = (waiting_from, &lane.waits) {
        bar(drawing, scale, (from, scale.whole), (y, thickness), "wait", waits);
    }
    note(drawing, scale, y, lane);
}

fn bar(
    drawing: &mut Drawing,
    scale: &Scale,
    (from, to): (Duration, Duration),
    (y, thickness): (f64, f64),
    class: &str,
    title: &str,
) {
    let (x, end) = (scale.x(from), scale.x(to));
    let width = (end - x).max(2.0);
    // What ended at once still shows; what would stick out moves left.
    let x = x.min(NAMES + TIME - width);
    drawing.titled(
        "rect",
        &[
            ("x", &round(x)),
            ("y", &round(y - thickness / 2.0)),
            ("width", &round(width)),
            ("height", &round(thickness)),
            ("rx", &2),
            ("class", &class),
        ],
        title,
    );
}

/// What is to be said of the end, beside the lane.
fn note(drawing: &mut Drawing, scale: &Scale, y: f64, lane: &Lane) {
    let mut mark = |class: &str| {
        let x = lane.ended.map_or(NAMES + TIME, |ended| scale.x(ended));
        drawing.element(
            "circle",
            &[("cx", &round(x)), ("cy", &round(y)), ("r", &3.5), ("class", &class)],
        );
    };
    let (class, text) = match (&lane.waits, &lane.end) {
        (Some(waits), _) => ("waits", waits.clone()),
        (None, Some(End::Bad(how))) => {
            mark("bad");
            ("bad", how.clone())
        }
        (None, Some(End::Good(how))) => {
            mark("good");
            ("dim", how.clone())
        }
        (None, None) if lane.ended.is_none() => ("bad", "ended by the observer".to_owned()),
        (None, None) => return,
    };
    let class = format!("{class} small");
    drawing.text(NAMES + TIME + 12.0, y + 4.0, &class, "start", &shorten(&text, 64));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_few() {
        for (whole, expected) in [(7, 1), (12, 2), (99, 10), (150, 20), (4200, 500)] {
            let whole = Duration::from_millis(whole);
            assert_eq!(step(whole), Duration::from_millis(expected), "{whole:?}");
        }
    }

    #[test]
    fn times_are_written_with_their_unit() {
        let texts = [0, 20, 1_500, 20_000, 2_500_000].map(|us| duration(Duration::from_micros(us)));
        assert_eq!(texts, ["0 ms", "20 µs", "1.5 ms", "20 ms", "2.5 s"]);
    }
}
