//! The compiler's own process is all that can be seen, and it has no secrets.
//! outcome: compiles
const ENVIRONMENT: &[u8] = include_bytes!("/proc/self/environ");
const _: () = assert!(ENVIRONMENT.len() < 100);
fn main() {
    println!("{} {}", include_bytes!("/proc/self/cmdline").len(), include_bytes!("/proc/self/maps").len());
}
