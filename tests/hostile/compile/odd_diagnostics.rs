//! Puts escapes, markup and right-to-left marks into what the compiler says.
//! outcome: refused
fn main() {
    compile_error!("\u{1b}[2J <script>alert(1)</script> \u{202e} \0 end");
}
