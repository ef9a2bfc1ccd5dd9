//! Tables as spreadsheets and learning-management systems save them: in UTF-8 or UTF-16, with
//! commas, semicolons or tabs between the cells.
//!
//! Pure. A byte order mark stays in the text, as U+FEFF, so that what was read can be written
//! as it was.

use thiserror::Error;

/// How the characters of a table are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// With or without a byte order mark.
    Utf8,
    /// What spreadsheets call Unicode text; least significant byte first.
    Utf16Le,
    /// Most significant byte first.
    Utf16Be,
}

/// A table in an encoding that cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line} is not UTF-8; save it as CSV in UTF-8, and nobody's name is damaged")]
pub struct EncodingError {
    /// From 1.
    pub line: usize,
}

/// The text of a table, and how it was written.
pub fn decode(bytes: &[u8]) -> Result<(String, Encoding), EncodingError> {
    match bytes {
        [0xff, 0xfe, ..] => Ok((from_pairs(bytes, u16::from_le_bytes), Encoding::Utf16Le)),
        [0xfe, 0xff, ..] => Ok((from_pairs(bytes, u16::from_be_bytes), Encoding::Utf16Be)),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Ok((text.to_owned(), Encoding::Utf8)),
            Err(error) => {
                let before = &bytes[..error.valid_up_to()];
                Err(EncodingError {
                    line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
                })
            }
        },
    }
}

fn from_pairs(bytes: &[u8], read: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// `text` as `encoding` writes it.
pub fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    }
}

/// What stands between the cells of a table, by its first line: what is there most often
/// outside of quotes. A comma for a single column.
pub fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(own, _)| *own == byte).for_each(|(_, n)| *n += 1),
        }
    }
    // Of equals the first.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let text = "\u{feff}Name;Note\r\nJosé 李 🦀;1,5\r\n";
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be] {
            let bytes = encode(text, encoding);
            assert_eq!(decode(&bytes), Ok((text.to_owned(), encoding)));
        }
        assert_eq!(decode(b"a,b\n"), Ok(("a,b\n".to_owned(), Encoding::Utf8)));
        assert_eq!(decode(b""), Ok((String::new(), Encoding::Utf8)));
    }

    #[test]
    fn what_cannot_be_told_is_said_with_its_line() {
        let error = decode(b"student,name\nada,Ada\nzoe,Zo\xeb\n").unwrap_err();
        assert_eq!(error.line, 3);
        assert!(error.to_string().contains("UTF-8"));
    }

    #[test]
    fn cells_are_told_apart_by_what_the_header_has_most_of() {
        for (text, byte) in [
            ("a,b\n1;2;3;4\n", b','),
            ("Student;ID;Locks, part 1 (7)\n", b';'),
            ("\u{feff}\"Last, first; or so\"\tb\n", b'\t'),
            ("\"a\n;;;;\",b,c\n", b','),
            ("alone\n", b','),
            ("", b','),
        ] {
            assert_eq!(delimiter(text), byte, "{text:?}");
        }
    }
}
