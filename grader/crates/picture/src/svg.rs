//! The few parts of SVG that the pictures need.

use std::fmt::{Display, Write};

/// A drawing in the making.
pub(crate) struct Drawing {
    body: String,
}

/// Colours by role, in light and dark; `c` is what draws itself in the current one.
const STYLE: &str = "\
svg{--ink:#1f2328;--dim:#656d76;--paper:#fff;--rule:#d8dee4;--live:#54aeff;--thread:#a5d6ff;\
--bad:#cf222e;--good:#1a7f37;--wait:#9a6700;background:var(--paper);color-scheme:light dark}\
@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--dim:#9198a1;--paper:#0d1117;--rule:#30363d;\
--live:#1f6feb;--thread:#388bfd99;--bad:#ff7b72;--good:#3fb950;--wait:#d29922}}\
text{font:12px ui-sans-serif,system-ui,sans-serif;fill:var(--ink);\
paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}\
.dim{fill:var(--dim)}.small{font-size:11px}.title{font-size:14px;font-weight:600}\
.rule{stroke:var(--rule)}.birth{stroke:var(--dim);stroke-width:.8;opacity:.45;fill:none}\
.live{fill:var(--live)}.thread{fill:var(--thread)}.wait{fill:url(#wait);stroke:var(--wait)}\
.waits{fill:var(--wait)}.bad{fill:var(--bad)}.good{fill:var(--good)}\
.box{fill:var(--paper);stroke:var(--ink)}.edge{stroke:var(--dim);fill:none;stroke-width:1.3}\
.cycle{stroke:var(--bad)}.tip{fill:var(--dim)}.cycletip{fill:var(--bad)}";

const PATTERN: &str = "<defs><pattern id=\"wait\" width=\"6\" height=\"6\" \
patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" \
fill=\"var(--paper)\"/><rect width=\"3\" height=\"6\" fill=\"var(--wait)\"/></pattern></defs>";

impl Drawing {
    pub(crate) fn new() -> Self {
        Self { body: String::new() }
    }

    /// Adds an element; `attributes` must be escaped already, numbers are.
    pub(crate) fn element(&mut self, name: &str, attributes: &[(&str, &dyn Display)]) {
        self.open(name, attributes);
        self.body.push_str("/>\n");
    }

    /// Adds an element that shows `title` to a pointer that rests on it.
    pub(crate) fn titled(&mut self, name: &str, attributes: &[(&str, &dyn Display)], title: &str) {
        self.open(name, attributes);
        self.finish(format_args!("><title>{}</title></{name}>\n", escape(title)));
    }

    /// Adds text at a point.
    pub(crate) fn text(&mut self, x: f64, y: f64, class: &str, anchor: &str, text: &str) {
        let attributes: [(&str, &dyn Display); 4] =
            [("x", &round(x)), ("y", &round(y)), ("class", &class), ("text-anchor", &anchor)];
        self.open("text", &attributes);
        self.finish(format_args!(">{}</text>\n", escape(text)));
    }

    /// The whole picture.
    pub(crate) fn finished(self, width: f64, height: f64, description: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\">\n<title>{}</title>\n\
             <style>{STYLE}</style>\n{PATTERN}\n{}</svg>\n",
            escape(description),
            self.body
        )
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &dyn Display)]) {
        self.finish(format_args!("<{name}"));
        for (key, value) in attributes {
            self.finish(format_args!(" {key}=\"{value}\""));
        }
    }

    fn finish(&mut self, what: std::fmt::Arguments<'_>) {
        self.body.write_fmt(what).expect("a string takes everything");
    }
}

/// A tenth of a pixel is enough, and makes the same picture everywhere.
pub(crate) fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Makes any text harmless, also what a program chose to call itself.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// At most `length` characters, with an ellipsis if some are missing.
pub(crate) fn shorten(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    text.chars().take(length.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        let mut drawing = Drawing::new();
        drawing.text(0.0, 0.0, "dim", "start", "<script>&\u{1b}[31m");
        let picture = drawing.finished(1.0, 1.0, "\"");
        assert!(picture.contains("&lt;script&gt;&amp;\u{fffd}[31m"), "{picture}");
        assert!(picture.contains("<title>&quot;</title>"));
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(shorten("äöüß", 3), "äö…");
    }
}
