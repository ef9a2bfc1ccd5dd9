//! Looks for what is not its own.
//! verdict: pass
fn main() {
    let secret = std::env::args().nth(1).unwrap();
    let relative = format!("../../../../../../../..{secret}");
    let through = format!("/proc/self/root{secret}");
    let cwd = format!("/proc/self/cwd/../../../../..{secret}");
    for path in [&secret, &relative, &through, &cwd, "/etc/shadow", "/etc/passwd", "/root/.profile"] {
        if let Ok(text) = std::fs::read_to_string(path) {
            println!("escaped: {path}: {text}");
        }
    }
    for folder in ["/root", "/home", "/etc", "/var", "/proc/1/root", "/proc/1/cwd"] {
        if std::fs::read_dir(folder).is_ok() {
            println!("escaped: lists {folder}");
        }
    }
}
