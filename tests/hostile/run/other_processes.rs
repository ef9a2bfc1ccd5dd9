//! Looks for processes that are not its own.
//! verdict: pass
fn main() {
    for pid in 1..std::process::id() {
        for file in ["environ", "maps", "exe", "fd/0", "root", "cwd"] {
            if std::fs::read_link(format!("/proc/{pid}/{file}")).is_ok()
                || std::fs::read(format!("/proc/{pid}/{file}")).is_ok()
            {
                println!("escaped: /proc/{pid}/{file}");
            }
        }
    }
}
