//! Executes a program that makes others root.
//! verdict: pass
fn main() {
    for program in ["/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount", "/usr/bin/sudo"] {
        let output = std::process::Command::new(program).arg("--version").output();
        drop(output);
    }
    let id = std::process::Command::new("/usr/bin/id").arg("-u").output().unwrap();
    if id.stdout == b"0\n" {
        println!("escaped: root");
    }
}
