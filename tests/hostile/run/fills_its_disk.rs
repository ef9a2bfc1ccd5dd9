//! Fills its /tmp with files that are each small enough.
//! verdict: pass
fn main() {
    let piece = vec![1u8; 4 << 20];
    let folder = std::env::temp_dir();
    let made = (0..40).take_while(|n| std::fs::write(folder.join(n.to_string()), &piece).is_ok());
    println!("{}", made.count());
}
