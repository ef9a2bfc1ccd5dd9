//! What is set where the grader runs is not set here.
//! outcome: compiles
const NONE: bool = option_env!("HOME").is_none()
    && option_env!("USER").is_none()
    && option_env!("CARGO_MANIFEST_DIR").is_none()
    && option_env!("RUSTC_BOOTSTRAP").is_none()
    && option_env!("INTERLEAVE_KEEPER").is_none();
const _: () = assert!(NONE);
fn main() {}
