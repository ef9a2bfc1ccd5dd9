//! Prints what is no text: NUL, broken UTF-8, escapes, right-to-left marks.
//! verdict: pass
use std::io::Write;
fn main() {
    let bytes = b"\0\xff\xfe\xc3\x28\x1b[2J\x1b]0;title\x07\xe2\x80\xae<script>\"';--\n";
    std::io::stdout().write_all(bytes).unwrap();
    std::io::stderr().write_all(bytes).unwrap();
}
