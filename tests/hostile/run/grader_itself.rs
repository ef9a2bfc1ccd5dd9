//! Looks for whoever started it, to change its file, its memory or its descriptors.
//! verdict: pass
use std::fs::{self, File};
unsafe extern "C" { fn getppid() -> i32; }
fn main() {
    for pid in [1, unsafe { getppid() }] {
        for file in ["exe", "mem", "maps", "environ", "auxv", "syscall", "stack", "personality", "root/etc/passwd", "cwd/x"] {
            let path = format!("/proc/{pid}/{file}");
            if File::options().write(true).open(&path).is_ok() {
                println!("escaped: opens {path} for writing");
            }
            if fs::read(&path).is_ok_and(|bytes| !bytes.is_empty()) {
                println!("escaped: reads {path}");
            }
        }
        for descriptor in 0..64 {
            let path = format!("/proc/{pid}/fd/{descriptor}");
            if File::open(&path).is_ok() || File::options().write(true).open(&path).is_ok() {
                println!("escaped: opens {path}");
            }
        }
        for file in ["oom_score_adj", "comm", "coredump_filter", "clear_refs", "timerslack_ns", "uid_map", "setgroups"] {
            let path = format!("/proc/{pid}/{file}");
            if fs::write(&path, "0").is_ok() {
                println!("escaped: writes {path}");
            }
        }
    }
}
