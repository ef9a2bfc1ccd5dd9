//! Wants a library of its own in the programs of others, and in its own children.
//! verdict: pass
use std::process::Command;
fn main() {
    if std::env::var_os("LD_PRELOAD").is_some() {
        return println!("a child, as it should be");
    }
    let library = std::env::temp_dir().join("preloaded.so");
    std::fs::write(&library, b"\x7fELF but no more than that").unwrap();
    for place in ["/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/ld.so.cache", "/usr/lib/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6"] {
        if std::fs::write(place, library.to_str().unwrap()).is_ok() {
            println!("escaped: writes {place}");
        }
    }
    let mut again = Command::new("/proc/self/exe");
    let said = again.env("LD_PRELOAD", &library).env("LD_AUDIT", &library).output().unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains("a child"));
    let passwd = Command::new("/usr/bin/passwd").env("LD_PRELOAD", &library).arg("-S").output();
    if passwd.is_ok_and(|output| output.status.success()) {
        println!("escaped: asks for passwords");
    }
}
