use std::borrow::Cow;

use course::Language;

/// One line that does nothing to a terminal, whatever `text` holds.
///
/// Control characters (line breaks and escapes included), characters that turn
/// the direction of writing and blanks that cannot be seen are written out
/// as `\u{..}`; a line break as `\n`, a tab as `\t`. Everything else stays.
pub fn printable(text: &str) -> Cow<'_, str> {
    escape(text, None)
}

/// The same for a text of several lines: line breaks stay, and tabs become four spaces.
pub fn printable_lines(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\t', "    ");
    match escape(&lines, Some('\n')) {
        Cow::Borrowed(_) => lines,
        Cow::Owned(escaped) => escaped,
    }
}

/// The same for rendered JSON, which keeps its meaning: what is escaped stands within a string.
pub(crate) fn printable_json(json: &str) -> String {
    let harmful = |c| c != '\n' && is_harmful(c);
    if is_plain(json, Some('\n')) || !json.contains(harmful) {
        return json.to_owned();
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match harmful(c) {
            true => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    escaped += &format!("\\u{unit:04x}");
                }
            }
            false => escaped.push(c),
        }
    }
    escaped
}

/// Characters of a line that [`excerpt`] leaves whole.
const WHOLE: usize = 1200;
/// What it keeps of the beginning and of the end of a longer one.
const KEPT: (usize, usize) = (700, 300);

/// `text` with the middle of very long lines left out, which nobody reads and which would bury
/// what stands below them; says in `language` how much is missing.
pub fn excerpt(text: &str, language: Language) -> String {
    let short = |line: &str| {
        let length = line.chars().count();
        if length <= WHOLE {
            return line.to_owned();
        }
        let left_out = length - KEPT.0 - KEPT.1;
        let begin: String = line.chars().take(KEPT.0).collect();
        let end: String = line.chars().skip(length - KEPT.1).collect();
        match language {
            Language::En => format!("{begin} ... {left_out} characters left out ... {end}"),
            Language::Zh => format!("{begin} …… 省略 {left_out} 个字符 …… {end}"),
        }
    };
    text.split('\n').map(short).collect::<Vec<_>>().join("\n")
}

/// Writes out what is harmful, but for the character `kept`.
fn escape(text: &str, kept: Option<char>) -> Cow<'_, str> {
    let harmful = |c| Some(c) != kept && is_harmful(c);
    if is_plain(text, kept) || !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match harmful(c) {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Nearly all that is ever looked at is ASCII, and bytes are looked at many at a time.
fn is_plain(text: &str, kept: Option<char>) -> bool {
    let kept = kept.and_then(|kept| u8::try_from(kept).ok()).unwrap_or(b' ');
    text.bytes().fold(true, |plain, byte| plain & ((b' '..=b'~').contains(&byte) | (byte == kept)))
}

fn is_harmful(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control() || is_invisible(c) || is_no_character(c)
}

/// What turns the direction of writing, separates lines, or cannot be seen.
///
/// Joiners and variation selectors stay: Persian, Hindi, Japanese names and emoji need them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'
        | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e007f}')
}

/// What Unicode never assigns; XML forbids some of it.
fn is_no_character(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_of_any_script_stays_as_it_is() {
        for text in [
            "",
            "Ada Lovelace",
            "姚期智",
            "Ærøskøbing",
            "עדה",
            "ادا",
            "नमस्ते",
            "می\u{200c}رود",
            "❤\u{fe0f}",
            "🦀 \\u{1b}",
        ] {
            assert_eq!(printable(text), text);
            assert_eq!(printable_lines(text), text);
        }
    }

    #[test]
    fn what_could_move_a_cursor_or_turn_a_line_is_written_out() {
        for (text, shown) in [
            ("\u{1b}[2J\u{1b}]0;own\u{7}", "\\u{1b}[2J\\u{1b}]0;own\\u{7}"),
            ("a\0b", "a\\u{0}b"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{7f}", "\\u{7f}"),
            ("ab\u{202e}cd", "ab\\u{202e}cd"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\u{2028}\u{2029}\u{85}", "\\u{2028}\\u{2029}\\u{85}"),
            ("\u{e0041}", "\\u{e0041}"),
            ("\u{fffe}\u{10ffff}", "\\u{fffe}\\u{10ffff}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(printable_lines("a\r\n\tb\n"), "a\n    b\n");
        assert_eq!(printable_lines("100%\rdone"), "100%\\rdone");
        assert_eq!(printable_lines("\u{1b}[A\u{202e}"), "\\u{1b}[A\\u{202e}");
    }

    #[test]
    fn no_character_at_all_gets_through_that_a_terminal_would_obey() {
        let every: String = (0..=0x10_ffff).filter_map(char::from_u32).collect();
        assert!(!printable(&every).contains(char::is_control));
        assert!(!printable_lines(&every).contains(|c: char| c != '\n' && c.is_control()));
    }

    #[test]
    fn only_lines_that_nobody_would_read_are_shortened() {
        let whole = format!("a\n{}\n", "é".repeat(WHOLE));
        assert_eq!(excerpt(&whole, Language::En), whole);
        let long = format!("head\n{}{}\ntail", "1,".repeat(5000), "9");
        let short = excerpt(&long, Language::En);
        let lines: Vec<_> = short.lines().collect();
        assert_eq!((lines[0], lines[2]), ("head", "tail"));
        assert!(lines[1].starts_with("1,1,") && lines[1].ends_with(",1,9"), "{short}");
        assert!(lines[1].contains(" ... 9001 characters left out ... "), "{short}");
        assert!(excerpt(&long, Language::Zh).contains("省略 9001 个字符"));
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "\u{1b}\u{9b}\u{7f}\u{202e}\u{e0041} 李";
        let json = printable_json(&serde_json::to_string_pretty(&[text]).unwrap());
        assert_eq!(json, "[\n  \"\\u001b\\u009b\\u007f\\u202e\\udb40\\udc41 李\"\n]");
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [text]);
    }
}
