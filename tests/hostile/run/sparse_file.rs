//! Makes a file that is large and has nothing in it.
//! verdict: limit
//! signal: 25
fn main() {
    let file = std::fs::File::create(std::env::temp_dir().join("sparse")).unwrap();
    file.set_len(1 << 40).unwrap();
}
