//! Leaves files whose names are no text, or too much of it.
//! verdict: pass
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
fn main() {
    let place = std::env::temp_dir();
    let long = [b'n'; 255];
    for name in [&b"\x1b[2J\x1b]0;title\x07"[..], b"a\nb", b"\xff\xfe", b"-rf", b" ", b"=1+1", &long, "\u{202e}sr.bil".as_bytes()] {
        std::fs::write(place.join(OsStr::from_bytes(name)), "x").unwrap();
    }
}
