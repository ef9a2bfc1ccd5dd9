//! Links the grader at a fixed address.
//!
//! A keeper forks for each run, and each fork copies what the loader relocated at its start:
//! 1.3 MiB. At a fixed address there is next to nothing to relocate, and a run in the jail takes
//! about a tenth less processor time.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bin=grader=-no-pie");
}
